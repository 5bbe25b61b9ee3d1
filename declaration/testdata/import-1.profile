profile import/1
event amend
tag declaration
header goods.count count required private all
header declaration.number code required private importer,customs
header declaration.date date required public importer,customs
header office code optional private importer,customs
header process.type code optional private importer,customs
header import.type code optional private importer,customs
header import.use code optional private importer,customs
header payment.type code optional private importer,customs
header transport.mode code optional private importer,customs
header declarant.id code optional private importer,customs
header importer.id code optional private importer,customs
header seller.id code optional private importer,customs
header courier.id code optional private importer,customs
header departure.country iso-3166-1-alpha-2 optional public importer,customs
line hs hs6 required private importer,customs
line origin.country iso-3166-1-alpha-2 optional public importer,customs
line origin.indicator code optional private importer,customs
line tax.type code optional private importer,customs
line tax.rate decimal optional private importer,customs
line net.mass decimal optional private importer,customs
line item.price decimal optional private importer,customs
event issue
tag declaration
header goods.count count required private all
header declaration.number code required private importer,customs
header declaration.date date required public importer,customs
header office code optional private importer,customs
header process.type code optional private importer,customs
header import.type code optional private importer,customs
header import.use code optional private importer,customs
header payment.type code optional private importer,customs
header transport.mode code optional private importer,customs
header declarant.id code optional private importer,customs
header importer.id code optional private importer,customs
header seller.id code optional private importer,customs
header courier.id code optional private importer,customs
header departure.country iso-3166-1-alpha-2 optional public importer,customs
line hs hs6 required private importer,customs
line origin.country iso-3166-1-alpha-2 optional public importer,customs
line origin.indicator code optional private importer,customs
line tax.type code optional private importer,customs
line tax.rate decimal optional private importer,customs
line net.mass decimal optional private importer,customs
line item.price decimal optional private importer,customs
event withdraw
header goods.count count required private all
header reason text optional private importer,customs
header date date required private importer,customs
codes iso-3166-1-alpha-2 AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
