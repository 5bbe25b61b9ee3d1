// SPDX-License-Identifier: Apache-2.0

package rule

// sheet are the rules for rows of a sheet, before they are fields of a declaration. No profile applies them.
var sheet = []Rule{
	{Code: "SHEET-COLUMNS", Level: Error, Field: "row", Source: "docs/bulk.md", Args: []string{"columns"},
		en: "want %[1]s columns, as many as the first row has",
		es: "debe tener %[1]s columnas, tantas como la primera fila",
		fr: "doit compter %[1]s colonnes, autant que la première ligne du fichier"},
	{Code: "SHEET-GROUP", Level: Error, Field: "row", Source: "docs/bulk.md", Args: []string{"column"},
		en: "want a value in %[1]s, which tells which rows are of one declaration",
		es: "debe tener un valor en %[1]s, que indica qué filas son de una misma declaración",
		fr: "doit avoir une valeur dans %[1]s, qui indique quelles lignes du fichier forment une même " +
			"déclaration"},
	{Code: "SHEET-DIFFERS", Level: Error, Source: "docs/bulk.md", Args: []string{"row"},
		en: "want the same as in row %[1]s, which is of the same declaration",
		es: "debe ser igual que en la fila %[1]s, que es de la misma declaración",
		fr: "doit être comme à la ligne %[1]s du fichier, qui est de la même déclaration"},
	{Code: "SHEET-VALUE", Level: Error, Source: "docs/bulk.md",
		en: "want a value that the mapping's table of this column has",
		es: "debe ser un valor de la tabla de esta columna en el archivo de correspondencias",
		fr: "doit être une valeur de la table de cette colonne dans le fichier de correspondance"},
	{Code: "SHEET-DATE", Level: Error, Source: "docs/bulk.md", Args: []string{"form"},
		en: "want a date as %[1]s, as the mapping says",
		es: "debe ser una fecha como %[1]s, según el archivo de correspondencias",
		fr: "doit être une date telle que %[1]s, selon le fichier de correspondance"},
	{Code: "SHEET-DECIMAL", Level: Error, Source: "docs/bulk.md", Args: []string{"example"},
		en: "want a decimal as %[1]s, as the mapping says",
		es: "debe ser un número decimal como %[1]s, según el archivo de correspondencias",
		fr: "doit être un nombre décimal tel que %[1]s, selon le fichier de correspondance"},
}

// Sheet returns the rules for the rows of a sheet.
func Sheet() []Rule { return append([]Rule(nil), sheet...) }
