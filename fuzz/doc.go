// SPDX-License-Identifier: Apache-2.0

// Package fuzz holds the fuzz targets for every text and byte format that the project reads from
// strangers. What a parser accepts is printed again and has to be what was read; where another
// implementation exists, it is asked too. An ordinary "go test" runs the seeds.
package fuzz
