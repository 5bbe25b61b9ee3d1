// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"slices"
)

// percentile returns the smallest value that is not less than a share p of the values, 0 < p ≤ 1
// (nearest rank); 0 where there are none.
func percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(p*float64(len(sorted)))) - 1
	return sorted[min(max(rank, 0), len(sorted)-1)]
}

// median returns the value in the middle, or the mean of the two there; 0 where there are none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
