// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"fmt"
	"os"
	"strings"

	"cocket.example/cmd/cocket/internal/madeup"
	"cocket.example/declaration"
	"cocket.example/declaration/sheet"
)

// rows reads the declarations of a sheet.
type rows struct {
	reader *sheet.Reader
	close  func() error
}

// row is one declaration, or what is wrong with its rows.
type row struct {
	fields map[string]string
	wrong  string
}

// openRows reads a CSV file, or makes declarations up where there is none.
func openRows(input string, most int) (*rows, error) {
	if input == "" {
		r, err := sheet.NewReader(madeup.Import(most), madeup.ImportMap, "issue")
		return &rows{r, func() error { return nil }}, err
	}
	f, err := os.Open(input)
	if err != nil {
		return nil, err
	}
	r, err := sheet.NewReader(f, madeup.ImportMap, "issue")
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", input, err)
	}
	return &rows{r, f.Close}, nil
}

// next returns the next declaration, io.EOF at the end.
func (r *rows) next() (row, error) {
	in, err := r.reader.Next()
	if err != nil {
		return row{}, err
	}
	fields, findings := r.reader.Fields(in)
	wrong := make([]string, len(findings))
	for i, f := range findings {
		wrong[i] = f.String()
	}
	return row{fields, strings.Join(wrong, "; ")}, nil
}

// newDeclaration makes an import declaration of a row.
func newDeclaration(fields map[string]string) declaration.Declaration {
	return declaration.Declaration{
		Log: origin, Event: "issue", Profile: "import/1", Submitter: submitter, Fields: fields,
	}
}
