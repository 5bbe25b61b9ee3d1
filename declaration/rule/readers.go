// SPDX-License-Identifier: Apache-2.0

package rule

import "slices"

const vocabulary = "w3id.org/traceability"

// readers are the rules for what is read from files other than declarations: no profile applies them.
var readers = []Rule{
	{Code: "UNMAPPED", Level: Warning, Source: "docs/profiles.md",
		en: "has no field in the declaration and is left out",
		es: "no tiene campo en la declaración y se omite",
		fr: "n’a pas de champ dans la déclaration et est omis"},
	{Code: "W3C-PROOF", Level: Warning, Field: "proof", Source: vocabulary,
		en: "the signature of the credential was not checked, and is left out",
		es: "la firma de la credencial verificable no se comprobó y se omite",
		fr: "la signature de l’attestation vérifiable n’a pas été vérifiée et est omise"},
	{Code: "W3C-INFERRED", Level: Warning, Source: vocabulary, Args: []string{"member"},
		en: "is not said in the credential; was concluded from %[1]s: see that it is true",
		es: "no consta en la credencial; se dedujo de %[1]s: compruebe que es cierto",
		fr: "ne figure pas dans l’attestation ; a été déduit de %[1]s : vérifiez que c’est exact"},
	{Code: "W3C-HS6", Level: Warning, Field: "goods[].hs", Source: "USMCA Annex 5-A element 6",
		en: "was cut to the six digits of the Harmonized System; the others are left out",
		es: "se redujo a la subpartida de seis dígitos del Sistema Armonizado; los demás se omiten",
		fr: "a été réduit à la sous-position à six chiffres du Système harmonisé ; les autres sont omis"},
}

// Readers returns the rules that readers of other files apply.
func Readers() []Rule { return slices.Clone(readers) }
