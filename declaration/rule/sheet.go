// SPDX-License-Identifier: Apache-2.0

package rule

// sheet are the rules for rows of a sheet, before they are fields of a declaration. No profile applies them.
var sheet = []Rule{
	{Code: "SHEET-COLUMNS", Level: Error, Field: "row", Source: "docs/bulk.md", Args: []string{"columns"},
		en: "want %[1]s columns, as many as the first row has",
		es: "se requieren %[1]s columnas, tantas como tiene la primera fila",
		fr: "indiquez %[1]s colonnes, autant que la première ligne en a"},
	{Code: "SHEET-GROUP", Level: Error, Field: "row", Source: "docs/bulk.md", Args: []string{"column"},
		en: "want a value in %[1]s, which tells the rows of one declaration",
		es: "se requiere un valor en %[1]s, que indica las filas de una misma declaración",
		fr: "indiquez une valeur dans %[1]s, qui désigne les lignes d’une même déclaration"},
	{Code: "SHEET-BESIDE", Level: Error, Field: "row", Source: "docs/bulk.md", Args: []string{"row"},
		en: "want row %[1]s mended, which may be of the same declaration: nobody can tell as it stands",
		es: "se requiere corregir la fila %[1]s, que puede ser de la misma declaración: así no se puede saber",
		fr: "corrigez la ligne %[1]s, qui peut être de la même déclaration : telle quelle, on ne peut le savoir"},
	{Code: "SHEET-DIFFERS", Level: Error, Source: "docs/bulk.md", Args: []string{"row"},
		en: "want the same as in row %[1]s, which is of the same declaration",
		es: "se requiere lo mismo que en la fila %[1]s, que es de la misma declaración",
		fr: "indiquez la même chose qu’à la ligne %[1]s, qui est de la même déclaration"},
	{Code: "SHEET-VALUE", Level: Error, Source: "docs/bulk.md",
		en: "want a value that the mapping's table of this column has",
		es: "se requiere un valor de la tabla de esta columna en la asignación",
		fr: "indiquez une valeur de la table de cette colonne dans la correspondance"},
	{Code: "SHEET-DATE", Level: Error, Source: "docs/bulk.md", Args: []string{"form"},
		en: "want a date as %[1]s, as the mapping says",
		es: "se requiere una fecha como %[1]s, según la asignación",
		fr: "indiquez une date telle que %[1]s, selon la correspondance"},
	{Code: "SHEET-DECIMAL", Level: Error, Source: "docs/bulk.md", Args: []string{"example"},
		en: "want a decimal as %[1]s, as the mapping says",
		es: "se requiere un número decimal como %[1]s, según la asignación",
		fr: "indiquez un nombre décimal tel que %[1]s, selon la correspondance"},
}

// Sheet returns the rules for the rows of a sheet.
func Sheet() []Rule { return append([]Rule(nil), sheet...) }
