// SPDX-License-Identifier: Apache-2.0

package w3c

import "strings"

// entryTypes are the words of the vocabulary for types of entries, which end in CBP's codes.
var entryTypes = []string{
	"Free and Dutiable 01", "Quota/Visa 02", "Antidumping/Countervailing Duty (AD/CVD) 03",
	"Foreign Trade Zone Consumption 06", "Quota/Visa and AD/CVD combinations 07", "Free and Dutiable 11",
	"Quota Other than textiles 12", "Warehouse Entries 21", "Re-Warehouse Entries 22",
	"Temporary Importation Bond 23",
	"Defense Contract Management Command (DCMAO NY) Military Only (P99 filer) 51",
	"Any U.S. Federal Government agency (other than DCMAO NY) 52",
}

// entry reads a CBPEntry (CBP Form 3461), a CBPEntrySummary (CBP Form 7501), or a part of one. Their type
// says that the goods are imported into the US.
func entry(r *reader, file, s *node) {
	lines := s.member("lineItems")
	if other := s.member("descriptionOfMerchandise"); other.there() {
		lines = other
	}
	r.enter(file, s, lines)
}

// single reads an entry of one good, or a goods line that stands by itself.
func single(r *reader, file, s *node) { r.enter(file, s, s) }

func (r *reader) enter(file, s, goods *node) {
	r.set("importation.country", "US", s.member("type"))
	r.put("declaration.number", leaf(s.get("entryNumber")))
	if !r.put("declaration.date", date(s.get("entryDate")), date(s.get("summaryDate"))) &&
		r.put("declaration.date", date(s.get("entryDate")), date(file.get("validFrom"))) {
		r.note("declaration.date", "W3C-INFERRED", file.get("validFrom").path())
	}
	r.put("importation.date", date(s.get("importDate")), date(s.get("arrivalDate")))
	r.put("office", leaf(s.get("portOfEntry", "usPortCode")), leaf(s.get("portCode", "usPortCode")),
		leaf(s.get("portOfEntry", "unLocode")), leaf(s.get("portCode", "unLocode")))
	r.put("import.type", typeCode(s.get("entryType")))
	r.put("transport.mode", mode(s.get("transportMode")), mode(s.get("modeOfTransportation")))
	r.put("bill.number", leaf(s.get("billOfLadingNumber")), leaf(s.get("bolNumber")),
		leaf(s.get("houseBillOfLadingNumber")), leaf(s.get("masterBillOfLadingNumber")))
	r.put("inbond.number", leaf(s.get("immediateTransportationNumber")), leaf(s.get("inBondNumber")))
	r.put("declarant.id", leaf(s.get("originatorCode")))
	r.put("importer.id", importerID(s.get("importerOfRecord")), importerID(s.get("importerNumber")),
		importerID(s))
	r.put("seller.id", leaf(s.get("marketplaceSellerAccountNumber")))
	r.put("departure.country", several(s.get("exportingCountry")))
	country, maker := several(s.get("countryOfOrigin")), mid(s.get("manufacturerId"))
	r.goods(goods, func(line string, good *node) { r.entered(line, good, country, maker) })
}

// entered is a CBPEntryLineItem or a CBPEntrySummaryLineItem. The country or manufacturer of the whole entry is
// that of each line without one.
func (r *reader) entered(line string, good *node, country, maker value) {
	r.code(line+"hs", leaf(good.get("htsusNumber")), good.get("commodity"), good.get("htsusNumber"))
	r.put(line+"description", leaf(good.get("productDescription")), leaf(good.get("enhancedProductDescription")),
		leaf(good.get("commodity", "description")))
	r.put(line+"origin.country", several(good.get("countryOfOrigin")), country)
	r.put(line+"producer.id", mid(good.get("manufacturerId")), maker)
	r.put(line+"net.mass", kilograms(good.get("netQuantity")))
	r.put(line+"quantity", leaf(good.get("itemCount")), leaf(good.get("quantity", "value")))
	r.put(line+"item.price", leaf(good.get("enteredValue", "price")), leaf(good.get("fairRetailValue", "value")),
		leaf(good.get("value")))
	r.put(line+"item.currency", leaf(good.get("enteredValue", "priceCurrency")),
		leaf(good.get("fairRetailValue", "currency")))
}

// several is a value for which an entry may say that its lines differ.
func several(n *node) value {
	v := leaf(n)
	if v.text == "MULTI" {
		return value{at: n}
	}
	return v
}

func mid(n *node) value {
	v := several(n)
	if len(v.nodes) > 0 && !strings.HasPrefix(v.text, "MID ") {
		return behind("MID", v)
	}
	return v
}

// kilograms is the value of a QuantitativeValue whose unit is the kilogram.
func kilograms(n *node) value {
	v, unit := leaf(n.get("value")), leaf(n.get("unitCode"))
	if !strings.EqualFold(unit.text, "kg") && unit.text != "KGM" {
		return value{at: v.at}
	}
	v.nodes = append(v.nodes, unit.nodes...)
	return v
}

// mode is a mode of transport, of which Hand Carry alone is two words.
func mode(n *node) value {
	v := leaf(n)
	if v.text == "Hand Carry" {
		v.text = "HAND-CARRY"
	}
	return v
}

// typeCode is the code at the end of the words for a type of entry.
func typeCode(n *node) value {
	v := leaf(n)
	for _, words := range entryTypes {
		if v.text == words {
			v.text = words[len(words)-2:]
			break
		}
	}
	return v
}
