profile usmca/1
event amend
tag certificate
header goods.count count required private all
header certifier.role certifier-role required private importer,customs
header certifier.title line required private importer,customs
header certifier.name line required private importer,customs
header certifier.address text required private importer,customs
header certifier.country iso-3166-1-alpha-2 required private importer,customs
header certifier.phone phone required private importer,customs
header certifier.email e-mail required private importer,customs
header certifier.id party-id optional private importer,customs
header exporter.kind exporter-kind required private importer,customs
header exporter.name line optional private importer,customs
header exporter.address text optional private importer,customs
header exporter.country usmca-party optional private importer,customs
header exporter.phone phone optional private importer,customs
header exporter.email e-mail optional private importer,customs
header exporter.id party-id optional private importer,customs
header importer.kind importer-kind required private importer,customs
header importer.name line optional private importer,customs
header importer.address text optional private importer,customs
header importer.country usmca-party optional private importer,customs
header importer.phone phone optional private importer,customs
header importer.email e-mail optional private importer,customs
header importer.id party-id optional private importer,customs
header invoice line optional private importer,customs
header blanket.from date optional private importer,customs
header blanket.to date optional private importer,customs
header signature.date date required private importer,customs
header statement usmca-statement required private all
line description text required private importer,customs,carrier
line hs hs6 required private importer,customs
line edition hs-edition optional private importer,customs
line chapter hs-chapter optional public all
line criterion usmca-criterion required private importer,customs
line origin.country usmca-party optional public all
line producer.kind producer-kind required private customs
line producer.name line optional private customs
line producer.address text optional private customs
line producer.country usmca-party optional private customs
line producer.phone phone optional private customs
line producer.email e-mail optional private customs
line producer.id party-id optional private customs
event claim
tag entry
header goods.count count required private all
header refers leaf-hash optional private importer,customs
header kind claim-kind required private importer,customs
header basis usmca-basis required private importer,customs
header entry.number entry-number required private importer,customs
header date date required private importer,customs
header importation.country usmca-party required private importer,customs
header importation.date date optional private importer,customs
header importer.name line optional private importer,customs
header importer.id party-id optional private importer,customs
header post.copies text optional private importer,customs
header post.protests text optional private importer,customs
line hs tariff required private importer,customs
line edition hs-edition optional private importer,customs
line spi usmca-spi optional private importer,customs
line certificate.line count optional private importer,customs
line entry.line count optional private importer,customs
line origin.country usmca-party optional private importer,customs
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
tag certificate
header goods.count count required private all
header certifier.role certifier-role required private importer,customs
header certifier.title line required private importer,customs
header certifier.name line required private importer,customs
header certifier.address text required private importer,customs
header certifier.country iso-3166-1-alpha-2 required private importer,customs
header certifier.phone phone required private importer,customs
header certifier.email e-mail required private importer,customs
header certifier.id party-id optional private importer,customs
header exporter.kind exporter-kind required private importer,customs
header exporter.name line optional private importer,customs
header exporter.address text optional private importer,customs
header exporter.country usmca-party optional private importer,customs
header exporter.phone phone optional private importer,customs
header exporter.email e-mail optional private importer,customs
header exporter.id party-id optional private importer,customs
header importer.kind importer-kind required private importer,customs
header importer.name line optional private importer,customs
header importer.address text optional private importer,customs
header importer.country usmca-party optional private importer,customs
header importer.phone phone optional private importer,customs
header importer.email e-mail optional private importer,customs
header importer.id party-id optional private importer,customs
header invoice line optional private importer,customs
header blanket.from date optional private importer,customs
header blanket.to date optional private importer,customs
header signature.date date required private importer,customs
header statement usmca-statement required private all
line description text required private importer,customs,carrier
line hs hs6 required private importer,customs
line edition hs-edition optional private importer,customs
line chapter hs-chapter optional public all
line criterion usmca-criterion required private importer,customs
line origin.country usmca-party optional public all
line producer.kind producer-kind required private customs
line producer.name line optional private customs
line producer.address text optional private customs
line producer.country usmca-party optional private customs
line producer.phone phone optional private customs
line producer.email e-mail optional private customs
line producer.id party-id optional private customs
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
codes certifier-role IMPORTER EXPORTER PRODUCER
codes claim-kind ENTRY POST-IMPORTATION
codes exporter-kind PARTY CERTIFIER UNKNOWN
codes hs-edition 2012 2017 2022 2028
codes importer-kind PARTY CERTIFIER UNKNOWN VARIOUS
codes iso-3166-1-alpha-2 AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
codes line-result POSITIVE NEGATIVE
codes producer-kind PARTY CERTIFIER EXPORTER VARIOUS ON-REQUEST
codes query-kind CF-28 CF-29 CF-446 VISIT LETTER
codes result POSITIVE NEGATIVE PARTIAL
codes usmca-basis CERTIFICATION
codes usmca-party US CA MX
codes usmca-spi S S+
codes usmca-statement USMCA-5-A
