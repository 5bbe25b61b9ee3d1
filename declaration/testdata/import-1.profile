profile import/1
event amend
tag declaration
header goods.count count required private all
header declaration.number entry-number required private importer,customs
header declaration.date date required public importer,customs
header importation.country iso-3166-1-alpha-2 optional private importer,customs
header importation.date date optional private importer,customs
header office code optional private importer,customs
header process.type code optional private importer,customs
header import.type code optional private importer,customs
header import.use code optional private importer,customs
header payment.type code optional private importer,customs
header transport.mode code optional private importer,customs,carrier
header bill.number code optional private importer,customs,carrier
header inbond.number in-bond optional private importer,customs,carrier
header declarant.id party-id optional private importer,customs
header importer.id party-id optional private importer,customs
header seller.id party-id optional private importer,customs
header courier.id party-id optional private importer,customs,carrier
header departure.country iso-3166-1-alpha-2 optional public importer,customs,carrier
line hs tariff required private importer,customs
line edition hs-edition optional private importer,customs
line chapter hs-chapter optional public all
line description text optional private importer,customs,carrier
line origin.country iso-3166-1-alpha-2 optional public importer,customs
line origin.indicator code optional private importer,customs
line producer.id party-id optional private customs
line preference line optional private importer,customs
line tax.type code optional private importer,customs
line tax.rate decimal optional private importer,customs
line net.mass decimal optional private importer,customs,carrier
line quantity decimal optional private importer,customs,carrier
line item.price decimal optional private importer,customs
line item.currency currency optional private importer,customs
event claim
tag entry
header goods.count count required private all
header refers leaf-hash optional private importer,customs
header kind claim-kind required private importer,customs
header basis basis required private importer,customs
header entry.number entry-number required private importer,customs
header date date required private importer,customs
header importation.country iso-3166-1-alpha-2 required private importer,customs
header importation.date date optional private importer,customs
header importer.name line optional private importer,customs
header importer.id party-id optional private importer,customs
header post.copies text optional private importer,customs
header post.protests text optional private importer,customs
header knowledge text optional private importer,customs
header agreement code required private importer,customs
line hs tariff required private importer,customs
line edition hs-edition optional private importer,customs
line spi code optional private importer,customs
line certificate.line count optional private importer,customs
line entry.line count optional private importer,customs
line origin.country iso-3166-1-alpha-2 optional private importer,customs
line value decimal optional private importer,customs
line duty decimal optional private importer,customs
line currency currency optional private importer,customs
event correct
tag entry
header goods.count count required private all
header refers leaf-hash optional private importer,customs
header entry.number entry-number required private importer,customs
header date date required private importer,customs
header explanation text required private importer,customs
header duties decimal optional private importer,customs
header currency currency optional private importer,customs
line claim.line count required private importer,customs
line explanation text optional private importer,customs
line duty decimal optional private importer,customs
event determine
tag entry
header goods.count count required private all
header refers leaf-hash optional private importer,customs
header result result required private importer,customs
header number code optional private importer,customs
header date date required private importer,customs
header reasons text optional private customs
line target.line count required private importer,customs
line result line-result required private importer,customs
line reasons text optional private customs
event issue
tag declaration
header goods.count count required private all
header declaration.number entry-number required private importer,customs
header declaration.date date required public importer,customs
header importation.country iso-3166-1-alpha-2 optional private importer,customs
header importation.date date optional private importer,customs
header office code optional private importer,customs
header process.type code optional private importer,customs
header import.type code optional private importer,customs
header import.use code optional private importer,customs
header payment.type code optional private importer,customs
header transport.mode code optional private importer,customs,carrier
header bill.number code optional private importer,customs,carrier
header inbond.number in-bond optional private importer,customs,carrier
header declarant.id party-id optional private importer,customs
header importer.id party-id optional private importer,customs
header seller.id party-id optional private importer,customs
header courier.id party-id optional private importer,customs,carrier
header departure.country iso-3166-1-alpha-2 optional public importer,customs,carrier
line hs tariff required private importer,customs
line edition hs-edition optional private importer,customs
line chapter hs-chapter optional public all
line description text optional private importer,customs,carrier
line origin.country iso-3166-1-alpha-2 optional public importer,customs
line origin.indicator code optional private importer,customs
line producer.id party-id optional private customs
line preference line optional private importer,customs
line tax.type code optional private importer,customs
line tax.rate decimal optional private importer,customs
line net.mass decimal optional private importer,customs,carrier
line quantity decimal optional private importer,customs,carrier
line item.price decimal optional private importer,customs
line item.currency currency optional private importer,customs
event query
tag entry
header goods.count count required private all
header refers leaf-hash optional private importer,customs
header kind query-kind required private customs
header number code optional private importer,customs
header entry.number entry-number optional private importer,customs
header date date required private importer,customs
header reply.by date required private importer,customs
header addressee.role addressee-role required private customs
header addressee.name line optional private customs
header question text required private customs
line target.line count required private customs
line question text optional private customs
event response
tag entry
header goods.count count required private all
header refers leaf-hash optional private importer,customs
header respondent.role addressee-role required private customs
header respondent.name line optional private customs
header number code optional private customs
header date date required private customs
header answer text required private customs
header documents text optional private customs
line target.line count required private customs
line answer text optional private customs
event withdraw
header goods.count count required private all
header reason text optional private importer,customs
header date date required private importer,customs
codes addressee-role IMPORTER EXPORTER PRODUCER MATERIAL-PRODUCER
codes basis CERTIFICATION IMPORTER-KNOWLEDGE
codes claim-kind ENTRY POST-IMPORTATION
codes hs-edition 2012 2017 2022 2028
codes iso-3166-1-alpha-2 AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
codes line-result POSITIVE NEGATIVE
codes query-kind CF-28 CF-29 CF-446 VISIT LETTER
codes result POSITIVE NEGATIVE PARTIAL
