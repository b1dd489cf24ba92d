"""What people write about days and hours, and what merely looks like it."""

from __future__ import annotations

import json
import unicodedata
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.dates import Kind, Part, When, cut, read, read_period, read_periods, window
from bot.conversation.dates.lexicon import LEXICON

from . import replay

LOCAL = ZoneInfo("America/Sao_Paulo")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=LOCAL)  # a Saturday

# phrase => answer, seen from NOW. A day without a year is of 2026 from November on, else of 2027.
SAID = """
# days
hoje => 21/11
hj => 21/11
Hoje! => 21/11
amanhã => 22/11
amanha => 22/11
AMANHÃ => 22/11
amnhã => 22/11
amanhaaa => 22/11
amanhã, por favor 🙏 => 22/11
depois de amanhã => 23/11
dps de amanhã => 23/11
depois d amanha => 23/11
hoje, sábado => 21/11
amanhã, domingo => 22/11
amanhã (22/11) => 22/11
segunda => 23/11
segunda feira => 23/11
segunda-feira => 23/11
SEGUNDA => 23/11
seg => 23/11
2ª feira => 23/11
2a feira => 23/11
2a-feira => 23/11
ter 10h => 24/11 10:00
terca => 24/11
Terça! => 24/11
tersa feira => 24/11
terçaaa => 24/11
qua => 25/11
qrta 10h => 25/11 10:00
quarra 10h => 25/11 10:00
wuarta 10h => 25/11 10:00
segyunda 10h => 23/11 10:00
amanã 10h => 22/11 10:00
dis 28 10h => 28/11 10:00
daqyi a 3 dias 10h => 24/11 10:00
depois dw amanhã 10h => 23/11 10:00
sexta quimze pras três => 27/11 14:45
sexta às 2 e miea => 27/11 14:30
kinta 10h => 26/11 10:00
segundona 10h => 23/11 10:00
sabadu 9h => 28/11 09:00
segubda de tarde => 23/11 tarde
amanga 14h => 22/11 14:00
despois de amanhã 10h => 23/11 10:00
dia 5 de janero às 10h => 05/01 10:00
10 de feveiro => 10/02
30 de novenbro => 30/11
13 - 15 de dezembro => 13/12..16/12
sxta 14h => 27/11 14:00
amnh 14h => 22/11 14:00
amh as 14h => 22/11 14:00
qui => 26/11
sex => 27/11
6ª => 27/11
6a => 27/11
6ª feira => 27/11
na sexta => 27/11
essa sexta => 27/11
nessa sexta => 27/11
sexta agora => 27/11
sexta q vem => 27/11
próxima sexta => 27/11
prox sexta => 27/11
a sexta que vem => 27/11
pra segunda => 23/11
sábado => 28/11
sabado => 28/11
sab => 28/11
sábado que vem => 28/11
dom => 22/11
domingo => 22/11
domingo que vem => 29/11
próximo domingo => 29/11
sexta, dia 27 => 27/11
sexta dia 27 => 27/11
sexta, 27/11 => 27/11
sexta 27 => 27/11
terça 1º => 01/12
terça 1 => 01/12
sexta, 27 => 27/11
quarta, 25 de novembro => 25/11
sexta dia 4 => 04/12
sexta dia 4 de dezembro => 04/12
sexta da semana que vem => 27/11
sexta, semana que vem => 27/11
semana que vem na sexta => 27/11
na semana que vem, quinta => 26/11
semana que vem, dia 25 => 25/11
dia 25 => 25/11
dia 21 => 21/11
dia 20 => 20/12
dia 30 => 30/11
dia 31 => 31/12
dia 1 => 01/12
dia 1º => 01/12
dia 1o => 01/12
dia primeiro => 01/12
dia vinte e cinco => 25/11
dia dez => 10/12
dia 03 => 03/12
dia 12.12 não, dia 13 => 13/12
dia 10 do mês que vem => 10/12
dia 10 do próximo mês => 10/12
mês que vem, dia 10 => 10/12
no mês que vem dia 5 => 05/12
dia 25 deste mês => 25/11
dia 5 de dezembro => 05/12
dia 5 do 12 => 05/12
dia 5 de 12 => 05/12
dia 20 de 1 => 20/01
5 do 12 às 15h => 05/12 15:00
5 de dezembro => 05/12
05 de dezembro => 05/12
cinco de dezembro => 05/12
5 dezembro => 05/12
5 de dez => 05/12
dez de dezembro => 10/12
10 de dez => 10/12
primeiro de dezembro => 01/12
1º de dezembro => 01/12
1 de janeiro => 01/01
20 de janeiro de 2027 => 20/01
20 de janeiro do ano que vem => 20/01
em dezembro, dia 15 => 15/12
janeiro, dia 10 às 9 => 10/01 09:00
15/12 => 15/12
dia 15/12 => 15/12
15/12/2026 => 15/12
15/12/26 => 15/12
15-12-2026 => 15/12
15.12.2026 => 15/12
2026-12-15 => 15/12
15/dez => 15/12
dia 05-12 => 05/12
05-12 10h => 05/12 10:00
5-12 às 10h => 05/12 10:00
15/Dezembro => 15/12
03/02 => 03/02
20/08 => 20/08
20/10 => none
dia 5/6 => 05/06
dia 5/5 => 05/05
5/5 às 15h => 05/05 15:00
daqui a 3 dias => 24/11
daqui 10 dias => 01/12
daqui há 3 dias => 24/11
daqui a dez dias => 01/12
em 2 dias => 23/11
em dois dias => 23/11
dentro de 3 dias => 24/11
daqui a uma semana => 28/11
em uma semana => 28/11
daqui 1 semana => 28/11
em 3 semanas => 12/12
daqui a duas semanas na quinta => 03/12
daqui 2 semanas na quinta às 9 => 03/12 09:00
quinta daqui a duas semanas às 9h => 03/12 09:00
sexta, daqui a três semanas, 15h => 11/12 15:00
quinta às 15h daqui a duas semanas => 03/12 15:00
quinta de manhã, daqui a 2 semanas => 03/12 manhã
o de sempre quinta às 15h => 26/11 15:00
na terça mas tem q ser depois das cinco e meia porque eu saio do trabalho às cinco => 24/11 >17:30
amanhã 14 => 22/11 14:00
corte amanhã 9 pode ser? => 22/11 09:00
depois de amanhã 10 => 23/11 10:00
amanhã 22 => 22/11
amanhã 14 clientes => 22/11
amanhã 3 => 22/11
dia 5 de 12 às 10h => 05/12 10:00
daqui a um mês => 21/12
daqui a 2 meses => 21/01
dois dias depois de hoje => 23/11
3 dias a partir de hoje => 24/11
primeira sexta de dezembro => 04/12
na primeira segunda de dezembro => 07/12
segunda terça de dezembro => 08/12
terceiro sábado de dezembro => 19/12
última sexta do mês => 27/11
última sexta-feira do mês às 16h => 27/11 16:00
penúltima segunda-feira de dezembro => 21/12
última quinta de novembro => 26/11
primeira sexta do mês que vem => 04/12
primeiro sábado de janeiro => 02/01
último dia do mês => 30/11
último dia de dezembro => 31/12
primeiro dia do mês que vem => 01/12
vocês abrem no natal? => 25/12
no dia de natal => 25/12
na véspera de natal => 24/12
véspera do natal às 9h => 24/12 09:00
# hours
às 15h => 21/11 15:00
as 15h => 21/11 15:00
ás 15h => 21/11 15:00
15h => 21/11 15:00
15 h => 21/11 15:00
15hs => 21/11 15:00
15hrs => 21/11 15:00
15 horas => 21/11 15:00
às 15 horas => 21/11 15:00
15:00 => 21/11 15:00
15h00 => 21/11 15:00
15:30h => 21/11 15:30
15h30min => 21/11 15:30
15h 30min => 21/11 15:30
15 horas e 30 minutos => 21/11 15:30
15hs30 => 21/11 15:30
às 15 => 21/11 15:00
as15h => 21/11 15:00
às15 => 21/11 15:00
às 15 e 30 => 21/11 15:30
14 e 30 => 21/11 14:30
às 15.30 => 21/11 15:30
às 15 30 => 21/11 15:30
pelas 15h => 21/11 15:00
lá pelas 15h => 21/11 15:00
por volta das 15h => 21/11 15:00
mais ou menos às 15h => 21/11 15:00
umas 15h => 21/11 15:00
umas 5h => 21/11 17:00
amanhã umas 5h => 22/11 17:00
amanhã tipo 5h30 => 22/11 17:30
amanhã 9.30 => 22/11 09:30
amanhã 13 h 15 => 22/11 13:15
amanhã 13h 15 min => 22/11 13:15
10h 15 pessoas => 22/11 10:00
na unidade 2 às 15h amanhã => 22/11 15:00
às 2 e meia dia 28 => 28/11 14:30
8 da noite de segunda turma 2 => 23/11 20:00
amanhã às 13;30 => 22/11 13:30
amanhã à 1h30 => 22/11 13:30
amanhã até 10 e meia => 22/11 <10:30
amanhã depois de quatro e meia => 22/11 >16:30
amanhã as quartoze horas => 22/11 14:00
amanhã 12.99 => 22/11
preciso de umas 2h amanhã => 22/11
amanhã às 5 da matina => 22/11 05:00
às 15h em ponto => 21/11 15:00
15h em ponto => 21/11 15:00
pras 15h => 21/11 15:00
para as 15h => 21/11 15:00
p/ as 15h => 21/11 15:00
o das 15h => 21/11 15:00
quero o das 15 => 21/11 15:00
pode ser o horário das 15? => 21/11 15:00
às 3 => 21/11 15:00
às 3h => 21/11 15:00
às três => 21/11 15:00
às 3:30 => 21/11 15:30
3:30 => 21/11 15:30
3h30 => 21/11 15:30
3 e meia => 21/11 15:30
2 e meia => 21/11 14:30
duas e meia => 21/11 14:30
três e quinze => 21/11 15:15
três e meia => 21/11 15:30
às três e vinte e cinco => 21/11 15:25
às oito e meia da noite => 21/11 20:30
às 6 => 21/11 18:00
seis e meia => 21/11 18:30
às 7 => 22/11 07:00
às sete da noite => 21/11 19:00
às 11 => 21/11 11:00
às 10 => 22/11 10:00
às 10h01 => 21/11 10:01
às dez e meia => 21/11 10:30
às 9 => 22/11 09:00
às 12 => 21/11 12:00
meio-dia => 21/11 12:00
meia dia => 21/11 12:00
amanhã mei dia e meia => 22/11 12:30
amanhã pós 18h => 22/11 >18:00
sexta depois das 18h luzes e corte => 27/11 >18:00
meio dia => 21/11 12:00
ao meio-dia => 21/11 12:00
meio dia e meia => 21/11 12:30
meio-dia e quinze => 21/11 12:15
meia-noite => 22/11 00:00
à meia noite => 22/11 00:00
à 1h => 21/11 13:00
à uma => 21/11 13:00
a uma da tarde => 21/11 13:00
uma da tarde => 21/11 13:00
uma e meia => 21/11 13:30
à uma e meia da tarde => 21/11 13:30
1 da tarde => 21/11 13:00
3 da tarde => 21/11 15:00
3h da tarde => 21/11 15:00
3 horas da tarde => 21/11 15:00
às 3 horas => 21/11 15:00
às 15h da tarde => 21/11 15:00
3pm => 21/11 15:00
3 pm => 21/11 15:00
10:30 am => 21/11 10:30
8 da noite => 21/11 20:00
às 20h da noite => 21/11 20:00
8h à noite => 21/11 20:00
9 da manhã => 22/11 09:00
às 5 da manhã => 22/11 05:00
às 6h da manhã => 22/11 06:00
2 da madrugada => 22/11 02:00
vinte e duas horas => 21/11 22:00
às vinte e duas => 21/11 22:00
dezenove horas => 21/11 19:00
às quatorze e trinta => 21/11 14:30
quinze para as três => 21/11 14:45
15 pras 3 => 21/11 14:45
quinze pras três da tarde => 21/11 14:45
dez para as 11 => 21/11 10:50
vinte pra as quatro => 21/11 15:40
cinco para o meio-dia => 21/11 11:55
15 minutos para as 3 => 21/11 14:45
às 15 pras 8 da noite => 21/11 19:45
quinze para a uma => 21/11 12:45
daqui a meia hora => 21/11 10:30
daqui a uma hora e meia => 21/11 11:30
daqui a 1h30 => 21/11 11:30
daqui a 15 minutos => 21/11 10:15
em 10 min => 21/11 10:10
em 2 horas => 21/11 12:00
daqui 2h => 21/11 12:00
às 03h da tarde => 21/11 15:00
# a day and an hour, in any order
terça quinze para as três => 24/11 14:45
às 9 e meia primeiro de dezembro => 01/12 09:30
às 20 20 de janeiro => 20/01 20:00
dia 3 - quinze para as três => 03/12 14:45
dia 25, quinze para as três => 25/11 14:45
quero mudar de hoje pra na quarta às 9 => 25/11 09:00
quinta-feira (26) => 26/11
27/11 (sexta-feira), 10h => 27/11 10:00
sexta - 27/11 - 10:00 => 27/11 10:00
Data: 27/11/2026\\nHora: 10:00 => 27/11 10:00
às 2 do dia 3 => 03/12 14:00
uma hora da tarde de sexta => 27/11 13:00
às 10 de sexta-feira => 27/11 10:00
semana que vem, de preferência terça => 24/11
não muito cedo, tipo 10h amanhã => 22/11 10:00
se tiver sexta às 10 eu quero => 27/11 10:00
que horas abre sábado? => 28/11
agenda de amanhã => 22/11
joao silva, 11988887777, corte, sexta 10h => 27/11 10:00
Av. Nove de Julho, 3000, sexta 10h => 27/11 10:00
quero o corte de 15 reais na sexta => 27/11
10 pessoas às 10h amanhã => 22/11 10:00
a primeira consulta na sexta => 27/11
quero minha segunda aula na sexta às 10 => 27/11 10:00
2027-01-20T14:30 => 20/01 14:30
amanhã às 15h => 22/11 15:00
às 15h amanhã => 22/11 15:00
15h de amanhã => 22/11 15:00
amanhã, 15h => 22/11 15:00
amanhã 15:00 => 22/11 15:00
amanhã 3h => 22/11 15:00
3h amanhã => 22/11 15:00
amanhã à uma => 22/11 13:00
amanhã a 1h => 22/11 13:00
amanhã a uma hora => 22/11 13:00
amanhã ao meio dia => 22/11 12:00
amanhã 15 pras 3 => 22/11 14:45
amanhã 19 horas => 22/11 19:00
amanhã 9 e meia => 22/11 09:30
hj 16h => 21/11 16:00
hoje às 8 da noite => 21/11 20:00
hoje à noite às 8 => 21/11 20:00
hoje à noite, 8h => 21/11 20:00
amanhã à tarde, às 3 => 22/11 15:00
amanhã de manhã às 9 => 22/11 09:00
amanhã de manhã, 6h => 22/11 06:00
sexta à noite às 7 => 27/11 19:00
sexta às 9 da noite => 27/11 21:00
sábado às 15h => 21/11 15:00
sábado às 9h => 28/11 09:00
sábado às 10h => 28/11 10:00
sab 14h => 21/11 14:00
dia 21 às 15h => 21/11 15:00
dia 12 13h => 12/12 13:00
dia 12, 15h => 12/12 15:00
dia 12, 10 da manhã => 12/12 10:00
dia 12 as 15 => 12/12 15:00
às 10 do dia 12 => 12/12 10:00
10h do dia 12/12 => 12/12 10:00
12/12 13:00 => 12/12 13:00
2026-12-15 14:30 => 15/12 14:30
sexta,10:30 => 27/11 10:30
sexta 27 às 10h => 27/11 10:00
sexta, 27 de novembro, às 10 da manhã => 27/11 10:00
Amanhã. Às 15h. => 22/11 15:00
sexta às 10 na rua augusta, 120 => 27/11 10:00
quero marcar\\namanhã\\n15h => 22/11 15:00
oi, bom dia! tem horário pra amanhã às 15h? => 22/11 15:00
boa tarde, queria marcar sexta 10h => 27/11 10:00
Boa noite! Pode ser amanhã às 8? => 22/11 08:00
quero 2 cortes amanhã às 15h => 22/11 15:00
quero marcar amanhã às 15h, 2 cortes => 22/11 15:00
uma sessão de 1h na sexta às 10 => 27/11 10:00
marca a Júlia quinta às 15h => 26/11 15:00
com a Ana, na quinta, lá pelas 15h => 26/11 15:00
sexta às 10 tá bom? => 27/11 10:00
SEXTA AS 10 => 27/11 10:00
📅 sexta ⏰ 10h => 27/11 10:00
sexta😀10h => 27/11 10:00
meu número é 11 98888-7777, pode ser sexta às 10? => 27/11 10:00
sexta às 10 custa R$ 80? => 27/11 10:00
o corte de 50 reais, sexta às 10 => 27/11 10:00
moro na Rua Sete de Setembro, 120, pode ser sexta às 10? => 27/11 10:00
fui aí semana passada, queria sexta às 10 => 27/11 10:00
fui ontem às 15h, quero amanhã às 10 => 22/11 10:00
primeira vez, 11h hoje => 21/11 11:00
sexta às 10h pagamento no pix => 27/11 10:00
bloco 2 - 5 de dezembro às 10h => 05/12 10:00
dia 28 - 2 pessoas => 28/11
turma 2 quinze pras três na terça => 24/11 14:45
é a primeira vez, pode ser amanhã às 9? => 22/11 09:00
tenho 15 anos, posso ir amanhã às 16h? => 22/11 16:00
amanhã às 15h (22/11, 15:00) => 22/11 15:00
a segunda às 10 => 23/11 10:00
a segunda-feira às 10 => 23/11 10:00
29 de fevereiro de 2028 => 29/02/2028
# parts of the day
amanhã mais pro fim da tarde => 22/11 tarde
início da noite de sexta => 27/11 noite
terça (manhã) => 24/11 manhã
manhã de terça => 24/11 manhã
na tarde do dia 25 => 25/11 tarde
sexta depois do almoço => 27/11 tarde
prefiro de manhã => 22/11 manhã
hoje à tarde => 21/11 tarde
hoje a tarde => 21/11 tarde
hoje de tarde => 21/11 tarde
hoje pela manhã => 21/11 manhã
agora de manhã => 21/11 manhã
hoje de manhã => 21/11 manhã
hoje à noite => 21/11 noite
hoje mais à tarde => 21/11 tarde
essa noite => 21/11 noite
nesta tarde => 21/11 tarde
amanhã d manhã => 22/11 manhã
amanhã de manhã => 22/11 manhã
amanhã de manhã cedo => 22/11 manhã
amanhã bem cedo => 22/11 manhã
cedo na próxima sexta => 27/11 manhã
turma 2 de manhã na quinta => 26/11 manhã
amanhã mais pra noite => 22/11 noite
amanhã pós-almoço => 22/11 tarde
amanhã cedinho => 22/11 manhã
amanhã tarde => 22/11 tarde
amanhã na parte da tarde => 22/11 tarde
amanhã no período da manhã => 22/11 manhã
amanhã no começo da tarde => 22/11 tarde
amanhã no finalzinho da tarde => 22/11 tarde
amanhã no meio da tarde => 22/11 tarde
amanhã à noitinha => 22/11 noite
amanhã depois do almoço => 22/11 tarde
amanhã antes do almoço => 22/11 manhã
sexta manhã => 27/11 manhã
na parte da manhã de sexta => 27/11 manhã
sábado à tarde => 21/11 tarde
sábado de manhã => 28/11 manhã
dia 12 à tarde => 12/12 tarde
15/12 de manhã => 15/12 manhã
à tarde => 21/11 tarde
de tarde => 21/11 tarde
de noite => 21/11 noite
de manhã => 22/11 manhã
tarde => 21/11 tarde
qualquer dia de manhã => any manhã
qualquer dia à tarde => any tarde
# between, after, before
amanhã de 10 às 11 => 22/11 10:00-11:00
amanhã de 8 a 11 => 22/11 08:00-11:00
amanhã 8-10 => 22/11 08:00-10:00
sexta-feira de 2 a 4 => 27/11 14:00-16:00
sexta de 2 a 3 pessoas => 27/11
dia 20 de 10 às 12 => 20/12 10:00-12:00
sexta depois de 1h da tarde => 27/11 >13:00
terça 10:00 - 11:00 => 24/11 10:00-11:00
entre as 9 e as 11 de sexta => 27/11 09:00-11:00
bloqueia sexta das 14 às 18 => 27/11 14:00-18:00
das 10 às 12 não posso, depois das 14 sim => 21/11 >14:00
hoje eu não consigo, só amanhã depois das 18h => 22/11 >18:00
após o meio dia => 21/11 >12:00
antes das onze e meia => 21/11 <11:30
amanhã entre 14 e 16 => 22/11 14:00-16:00
entre 14 e 16 => 21/11 14:00-16:00
entre as 14 e as 16h => 21/11 14:00-16:00
entre 2 e 4 da tarde => 21/11 14:00-16:00
entre 2 e 4 => 21/11 14:00-16:00
entre meio dia e 2 => 21/11 12:00-14:00
das 9 às 11 => 22/11 09:00-11:00
das 14 às 16h => 21/11 14:00-16:00
das 14h até as 16h => 21/11 14:00-16:00
das 2 às 4 da tarde => 21/11 14:00-16:00
das 10 às 2 da tarde => 22/11 10:00-14:00
das 9 às 5 => 22/11 09:00-17:00
das 8h30 às 10h => 22/11 08:30-10:00
de 14h a 16h => 21/11 14:00-16:00
de 14 a 16h => 21/11 14:00-16:00
14h às 16h => 21/11 14:00-16:00
14h-16h => 21/11 14:00-16:00
14:00 - 16:00 => 21/11 14:00-16:00
amanhã 9 às 11 => 22/11 09:00-11:00
amanhã das 9 ao meio dia => 22/11 09:00-12:00
segunda, das 9 às 11 => 23/11 09:00-11:00
das 7 às 9 da noite na quinta => 26/11 19:00-21:00
amanhã à tarde das 2 às 4 => 22/11 14:00-16:00
depois das 14 e antes das 16 => 21/11 14:00-16:00
a partir das 14h até as 16h => 21/11 14:00-16:00
hoje das 9 às 11 => 21/11 09:00-11:00
amanhã depois das 18 => 22/11 >18:00
amanhã após as 18h => 22/11 >18:00
amanhã a partir das 14h => 22/11 >14:00
a partir de 14h amanhã => 22/11 >14:00
à partir das 14h => 21/11 >14:00
apartir das 14h => 21/11 >14:00
das 14h em diante => 21/11 >14:00
14h pra frente => 21/11 >14:00
depois das 3 => 21/11 >15:00
depois das 8 da noite => 21/11 >20:00
depois do meio-dia => 21/11 >12:00
só depois das 18h => 21/11 >18:00
depois das 9h => 22/11 >09:00
hoje depois das 9h => 21/11 >09:00
sexta depois das 18 => 27/11 >18:00
terça até as 12h => 24/11 <12:00
até 12h => 21/11 <12:00
até meio-dia => 21/11 <12:00
até o meio dia => 21/11 <12:00
até às 11 => 21/11 <11:00
no máximo até as 11h => 21/11 <11:00
antes do meio-dia => 21/11 <12:00
amanhã antes das 10 => 22/11 <10:00
antes das 10 => 22/11 <10:00
antes das 10 de amanhã => 22/11 <10:00
# counted from now
daqui a uma hora e 15 minutos => 21/11 11:15
daqui a 2h e meia => 21/11 12:30
em 90 minutos => 21/11 11:30
# spans
mesmo horário semana que vem => 23/11..30/11
essa semana não dá, semana que vem? => 23/11..30/11
semana que vem => 23/11..30/11
semana q vem => 23/11..30/11
proxima semana => 23/11..30/11
na próxima semana de manhã => 23/11..30/11 manhã
semana que vem à tarde => 23/11..30/11 tarde
qualquer dia da semana que vem => 23/11..30/11
essa semana => 16/11..23/11
esta semana => 16/11..23/11
fim de semana => 21/11..23/11
esse fds => 21/11..23/11
no final de semana => 21/11..23/11
fim de semana que vem => 28/11..30/11
próximo fim de semana => 28/11..30/11
mês que vem => 01/12..01/01
próximo mês => 01/12..01/01
em dezembro => 01/12..01/01
pra janeiro => 01/01..01/02
no mês de janeiro => 01/01..01/02
em março de 2027 => 01/03..01/04
entre os dias 10 e 15 => 10/12..16/12
do dia 10 ao dia 15 => 10/12..16/12
de 10 a 15 de dezembro => 10/12..16/12
entre 10/12 e 15/12 => 10/12..16/12
# refusals, corrections, changes
sexta não, sábado => 28/11
sexta não, sábado às 9 => 28/11 09:00
hoje não, amanhã => 22/11
não hoje, amanhã => 22/11
não posso terça, quarta sim => 25/11
quinta não dá, pode ser sexta às 10? => 27/11 10:00
não quero terça, quero quarta => 25/11
não vai dar terça quero quarta => 25/11
não é terça, é quarta => 25/11
não posso terça, só quarta às 10 => 25/11 10:00
terça não posso mas quarta às 10 sim => 25/11 10:00
amanhã não consigo, dá pra ser segunda? => 23/11
não vou poder amanhã, pode ser quinta às 9? => 26/11 09:00
não, às 16h => 21/11 16:00
quero dizer às 16h => 21/11 16:00
quer dizer, às 16h => 21/11 16:00
não, não, às 16h => 21/11 16:00
amanhã às 15h, não, às 16h => 22/11 16:00
amanhã às 15h, quero dizer, às 16h => 22/11 16:00
amanhã às 15h, digo, 16h => 22/11 16:00
amanhã às 15h, ops, 16h => 22/11 16:00
quinta às 15h, digo, sexta => 27/11 15:00
quinta, quer dizer, sexta => 27/11
na verdade sexta às 10 => 27/11 10:00
quinta às 10, na verdade às 11 => 26/11 11:00
terça às 10, melhor às 11 => 24/11 11:00
sexta às 10 não dá, às 11 dá? => 27/11 11:00
não tem horário sexta? => 27/11
você não consegue amanhã às 9? => 22/11 09:00
não tem nada sexta? => 27/11
sexta às 10, não é? => 27/11 10:00
em vez de sexta, pode ser sábado? => 28/11
sábado em vez de sexta => 28/11
quero trocar de terça para quinta => 26/11
mudar de sexta às 10 para segunda às 9 => 23/11 09:00
mudar de sexta às 10 pra as 11 => none
mudar de sexta às 10 pra 11h => 27/11 11:00
passar meu horário de amanhã para 16h => 22/11 16:00
adianta de sexta pra quinta => 26/11
não vou conseguir ir amanhã, remarca pra quarta? => 25/11
trocar o das 10h de amanhã pro das 14h => 22/11 14:00
remarcar de terça pra quinta às 10 => 26/11 10:00
trocar sexta por sábado => 28/11
meu horário é sexta às 10, posso mudar pra segunda às 9? => 23/11 09:00
quero mudar para as 16h => 21/11 16:00
quero desmarcar sexta => 27/11
remarcar sexta às 10 => 27/11 10:00
sexta às 10, até amanhã! => 27/11 10:00
"""

# What is no day and no hour, or not surely one: every line must be answered with nothing.
UNSAID = """
# nothing at all
oi
bom dia
Bom dia!
boa tarde
boa noite, tudo bem?
boa semana!
bom fim de semana
ótimo sábado pra você
boa sexta
feliz natal
feliz ano novo
obrigado
sim
não
ok 👍
até amanhã
até amanhã!
até sexta
até segunda então
até mais tarde
até logo
# numbers
15 dias
prazo de 15 dias
faltam 15 minutos
13º salário
quero comprar 3 pomadas
é 30 ou 40?
qual o valor? 50 ou 60 reais?
duas horas e meia
minha placa é ABC1D23
liga no 0800 123 4567
tel 3333-4444
versão 2.0
1 dez
sextou!
15
2
1️⃣
10
opção 2
a opção 3
número 15
quero 2 cortes
quero 2
somos 4
15 minutos
50 min
2 horas
uma hora
1 hora
tenho 15 anos
faltam 5 de 10 sessões
5 de 10
dia 5 de 10
5 de 12 às 15h
5 dw dezembro às 15h
daqui a 3 disas às 15h
daqui a 3 das às 15h
da 28 às 15h
1º se dezembro às 15h
qya 10h
qta 10h
meu filho tem 7 anos
tenho uma filha de 3
sou a terceira da fila
estou em segundo na fila
sala 3
apto 12
bloco 2 apto 34
pedido 1512
código 482913
ENTRAR 482913
item 2 da lista
3,5
20.00
1.234,56
2x
20%
80 kg
1,70m
nota 10
nota 10/10
10/10!
5/5
vocês atendem 24h?
atendimento 24 horas
24/7
vocês são 24/7?
1/2
metade 1/2 porção
pressão 12/8
parcela 3/10
em 3 vezes
em 2x no cartão
sou o número 12
os 3
os dois
todas as 3
as 2 opções
as 3 sessões
as 10 aulas do pacote
as 10 primeiras
gostei das duas
quero as duas
uma das 3
das 3 opções
# money
R$ 80
R$80,00
R$ 15
R$15
R$ 15,30
custa 50 reais?
custa 15 reais
80 conto
são 15 conto?
quinze reais
cinquenta reais
por 50
15 reais a hora
o corte é 30 e a barba 20
dois e cinquenta
# phones and documents
11 98888-7777
(11) 98888-7777
98888 7777
98888-7777
+55 11 98888-7777
11988887777
11 9 8888 7777
meu número é 98888-7777
123.456.789-09
12345678909
CPF 123.456.789-09
12.345.678/0001-90
01310-100
CEP 01310100
CEP 01310-100
meu rg é 12.345.678-9
joao.12@gmail.com
https://exemplo.com/agenda/2026-12-15
www.exemplo.com/15/12
# places
Avenida 9 de Julho bairro 13 de maio
rua 25 de março e Hospital 9 de Julho
alameda 3 edifício 9 de julho sala 10
até sexta Av. 9 de Julho, 1500
Rua Domingos de Morais, 1200
rua vinte e cinco de março
rua primeiro de março, 20 - centro
cond. 7 de setembro
edifício 9 de julho sala 10
Bairro Segunda Etapa
rua da quinta
Natal às 10h
Rua 15 de Novembro
rua quinze de novembro
moro na Rua Sete de Setembro, 120
Avenida 9 de Julho
Av. 9 de Julho, 1500
av 9 de julho 1500 apto 12
R. 15 de Novembro, 120
Rua 7 de Setembro 120
praça 15 de novembro
Praça Quinze
moro na 25 de março
na 15 de novembro
trabalho perto da 9 de julho
travessa 12
alameda 3
Rua 1º de Maio
rua da segunda ponte
quinta avenida
Quinta da Boa Vista
colégio 7 de setembro
Hospital 9 de Julho
bairro 13 de maio
vila 1 de maio
moro em Natal
moro em Natal, RN
estação 3
linha 4 amarela
km 15
# ordinals
a segunda
a segunda opção
segunda opção
a quarta
a primeira
o segundo
o segundo horário
segundo
terceira
quarta opção
quinta opção
2ª opção
a 2ª
2a via
segunda via
segunda via do boleto
segunda vez
é a segunda vez que vou
primeira vez
primeira sessão
segunda sessão
sexta sessão
quinta série
quarta parcela
segunda mão
de segunda mão
prefiro a segunda
a segunda alternativa
a segunda da lista
segunda chance
um segundo
só um segundo
minha segunda aula
uma segunda opinião
segunda opinião
sexta básica
quinta categoria
sexta sinfonia
a quarta, por favor
pela segunda vez
# idioms
às vezes
as vezes eu atraso
uma hora eu vou
uma hora dessas
a que horas?
que horas?
qual horário?
em cima da hora
na hora
hora marcada
meia hora
mais tarde
mais cedo
tem algo mais cedo?
muito cedo pra mim
já é tarde
tarde demais
hoje em dia
dia a dia
meu dia a dia
dia e noite
o dia todo
a qualquer hora
qualquer dia
qualquer horário
outro dia
um dia desses
um dia eu vou
que dia?
quando?
agora
daqui a pouco
já já
em breve
logo
depois
antes
depois eu vejo
te aviso depois
vai ter horário?
quero ter uma consulta
dom casmurro
ele tem um dom
marquei com a dona Abril
mar
set
em vez disso
semana
dia de semana
em um dia útil
em dois dias úteis
meses
# the past
ontem
anteontem
ontem às 15h
às 15h de ontem
ontem à noite
semana passada
mês passado
ano passado
sexta passada
na última sexta
última semana
últimos 7 dias
há 2 dias
faz 3 dias
2 dias atrás
dia 5 de outubro passado
dia 10 do mês passado
15/10/2025
12/03/1990
nasci em 12/03/1990
nasci dia 5 de maio
meu aniversário é dia 15/12
faço aniversário dia 12
hoje às 9h
hoje às 9 da manhã
fui aí dia 10
paguei dia 5
quinta desta semana
segunda dessa semana
# what comes back
toda terça
toda terça às 10
todas as quartas às 15h
todo sábado
às terças
terças e quintas
às segundas e quartas, 10h
toda terça e quinta
toda semana
todo dia
todo dia 5
todos os dias
a cada 15 dias
de 15 em 15 dias
1x por semana
2 vezes por semana
de segunda a sexta
segunda a sexta
de segunda à sexta às 18h
seg a sex
vocês abrem de terça a sábado?
entre segunda e quarta
duas vezes na semana
cada sessão
# more than one
vou dia 10 e volto dia 15
sexta é melhor que sábado
2ª, 4ª e 6ª
Pode ser sexta? Ou sábado?
10h pra mim e 11h pra minha filha
meu voo é sexta às 10, pode ser sábado?
dia 20 à noite ou 21 de manhã
25, 26 ou 27 de novembro
amanhã entre 10 e 11 ou 14 e 15
sexta às 10, não às 11
de sexta pra sábado
corte 10h + barba 11h
terça ou quarta
segunda daqui a duas semanas
quinta daqui a uma semana
terça e quarta
amanhã e depois às 9
terça/quarta
seg, qua e sex
hoje ou amanhã
amanhã ou depois
terça às 10 ou quarta às 15
terça às 10 ou 11
às 10 ou 11
10h ou 11h
às 9, 10 ou 11
10h/11h
às 9/10
às 9-10
às 15h ou 16h amanhã
dia 12 ou 13
dia 12 e 13
dias 12, 13 e 14
dia 12, 13
10 ou 11 de dezembro
de manhã ou de tarde
amanhã de manhã ou à tarde
sexta às 10 ou outro dia
sexta às 10 ou mais tarde
às 9 e 10
sexta às 10, se não der, sábado às 9
se não tiver terça, quero quarta
terça, se não der quarta
# bounds that are no day
até dia 12
até o dia 12
antes de sexta
antes do dia 20
depois de sexta
depois do dia 10
depois do dia 10 às 15h
a partir de segunda
a partir de 5 de dezembro
a partir de amanhã
a partir da semana que vem
desde sexta
amanhã em diante
de hoje até sexta
até sexta às 10
no mais tardar sexta
no máximo sexta
uma semana antes de sexta
dois dias após sexta
na segunda depois do feriado
na segunda seguinte
te aviso até lá pelas 15h
estou de férias até dia 10
só volto dia 10
# refused
não posso antes das 18h
num posso sexta
ñ posso sexta
hj n da
não é sexta e sim sábado
semana que vem não posso
não posso na terça
terça não
terça não posso
não posso terça às 10
não posso terça, quarta
não posso terça nem quarta
não quero às 15h
não vou poder ir amanhã
amanhã não dá
amanhã não rola
sexta estou viajando
sexta é ruim pra mim
qualquer dia menos sexta
menos na segunda
exceto terça
sem ser sexta
sexta tô ocupado
terça? não posso
trabalho até as 18h
saio às 18h
só chego às 19h
não sei se posso terça
acho que não consigo sexta
hoje não dá, às 11?
# impossible
10h3
somos 2 às 15h
2 às 15h
às 10,30
dia 31 de abril
31/04
30/02
30 de fevereiro
dia 32
dia 0
dia 45
12/13
00/12
15/00
31/11
29/02/2027
29/02
25h
às 25h
às 26h
às 24h
sexta às 26h
amanhã às 25:00
10:75
às 10:60
às 30
15h da manhã
sexta de manhã às 15h
amanhã à noite às 3
amanhã à tarde às 11h
14h da madrugada
5 da noite
de madrugada
amanhã de madrugada
das 16 às 14h
das 6 às 8
15/12/2099
daqui a 0 dias
daqui a 5000 dias
sexta dia 12
segunda dia 24
amanhã, segunda
sexta 10
# durations
2 horas tarde demais
todas as 3 e obrigado
sala 3 e meia hora antes
pacote de 10 horas as 3 sessões
depois 2
depois um dia eu vou
antes uma das 3
uma hora, às 15h de ontem
sessão de 1h
uma sessão de 2 horas
massagem de 1h30
aula de 50 min
dura 2 horas?
demora 1 hora?
leva de 2 a 3 horas
durante 2 horas
por 2 horas
jejum de 12 horas
12h de antecedência
2 horas antes
24h antes
meia hora antes
depois de 2 horas
pacote de 10 horas
8 horas de sono
corte de 30 min
chego 10 min antes
# half of the day not said
amanhã às 03:00
sexta às 06h
amanhã à meia-noite
sexta às 0h
sexta 00:00
# too vague
começo da semana que vem
fim do mês
no começo de dezembro
meados de dezembro
primeira semana de dezembro
última semana de dezembro
semana do dia 10
na outra semana
na outra sexta
qualquer sexta
alguma sexta
final do dia
na hora do almoço
segunda de carnaval
sexta-feira santa
quarta-feira de cinzas
domingo de páscoa
sexta a oito
dia 15h
dia
segunda semana
ano novo
"""


def _lines(table: str) -> list[str]:
    return [line for line in table.strip().splitlines() if line and not line.startswith("# ")]


def said() -> list[tuple[str, str]]:
    """Give each phrase that means something, with its answer."""
    split = (line.rpartition(" => ") for line in _lines(SAID))
    return [(phrase.replace("\\n", "\n"), answer) for phrase, _, answer in split]


def unsaid() -> list[str]:
    """Give each phrase that means no day and no hour."""
    return _lines(UNSAID)


NAMES = {Part.MORNING: "manhã", Part.AFTERNOON: "tarde", Part.EVENING: "noite"}


def _shown(when: When) -> str:
    """Write an answer as the table does."""
    if when.kind is Kind.NONE:
        return "none"
    part = f" {NAMES[when.part]}" if when.part else ""
    if when.kind is Kind.SPAN and when.start and when.end:
        return f"{_short(when.start.date())}..{_short(when.end.date())}{part}"
    day = _short(when.day) if when.day else "any"
    start = f"{when.start:%H:%M}" if when.start else ""
    end = f"{when.end:%H:%M}" if when.end else ""
    hours = {
        Kind.POINT: f" {when.time:%H:%M}" if when.time else "",
        Kind.RANGE: f" {start}-{end}",
        Kind.AFTER: f" >{start}",
        Kind.BEFORE: f" <{end}",
        Kind.PART: part,
    }
    return day + hours.get(when.kind, "")


def _short(day: date) -> str:
    expected = 2026 if day.month >= 11 else 2027
    return f"{day:%d/%m}" if day.year == expected else f"{day:%d/%m/%Y}"


@pytest.mark.parametrize(("phrase", "answer"), said())
def test_what_is_said_is_understood(phrase: str, answer: str) -> None:
    assert _shown(read(phrase, NOW)) == answer


@pytest.mark.parametrize("phrase", unsaid())
def test_what_is_not_said_is_not_invented(phrase: str) -> None:
    assert _shown(read(phrase, NOW)) == "none"


# The same words on other days: (now, phrase => answer).
ELSEWHEN = """
@ 2026-11-23T09:00:00-03:00
segunda => 30/11
segunda às 10 => 23/11 10:00
segunda às 9 => 30/11 09:00
segunda de manhã => 30/11 manhã
segunda à tarde => 23/11 tarde
segunda que vem => 30/11
sexta => 27/11
sexta que vem => 04/12
próxima sexta => 04/12
essa sexta que vem => none
domingo que vem => 06/12
semana que vem => 30/11..07/12
sexta dessa semana => 27/11
sexta próxima => none
nesta próxima sexta => none
terça da semana que vem => 01/12
fim de semana => 28/11..30/11
fim de semana que vem => 05/12..07/12
hoje, segunda, às 10 => 23/11 10:00
dia 23 => 23/11
dia 23 às 10h => 23/11 10:00
dia 23 às 8h => 23/12 08:00
23/11 às 8h => none
22/11 => none
10/09 => 10/09
às 9 => 24/11 09:00
às 9h01 => 23/11 09:01
@ 2026-11-20T13:30:00-03:00
à tarde => 20/11 tarde
sexta à tarde => 20/11 tarde
de manhã => 21/11 manhã
@ 2026-11-20T16:30:00-03:00
à tarde => 21/11 tarde
à noite => 20/11 noite
@ 2026-11-22T20:00:00-03:00
segunda => 23/11
semana que vem => 23/11..30/11
essa semana => none
fim de semana => none
esse fim de semana => 21/11..23/11
às 9 da noite => 22/11 21:00
hoje às 9 => none
hoje à tarde => none
@ 2026-12-31T22:30:00-03:00
amanhã às 9 => 01/01 09:00
quinta => 07/01
dia 1 => 01/01
dia 30 => 30/01
hoje às 23h => 31/12 23:00
hoje às 22h => none
às 8 da noite => 01/01 20:00
meia-noite => 01/01 00:00
em meia hora => 31/12 23:00
daqui a 2 horas => 01/01 00:30
em 90 minutos => 01/01 00:00
mês que vem => 01/01..01/02
daqui a um mês => 31/01
daqui a 2 meses => none
hoje à noite => 31/12 noite
15/12 => none
@ 2027-01-31T10:00:00-03:00
daqui a um mês => none
dia 31 => 31/01
dia 30 => 30/03
último dia do mês => 31/01
último dia de fevereiro => 28/02
29/02 => none
28/12 => none
@ 2028-02-28T10:00:00-03:00
amanhã => 29/02/2028
depois de amanhã => 01/03/2028
dia 29 => 29/02/2028
29/02 => 29/02/2028
último dia do mês => 29/02/2028
@ 2026-11-21T23:59:59-03:00
amanhã => 22/11
daqui a 1 minuto => 22/11 00:00
às 0h => 22/11 00:00
hoje => 21/11
"""


def _elsewhen() -> list[tuple[str, str, str]]:
    cases, now = [], ""
    for line in _lines(ELSEWHEN):
        if line.startswith("@ "):
            now = line.removeprefix("@ ")
        else:
            phrase, _, answer = line.rpartition(" => ")
            cases.append((now, phrase, answer))
    return cases


@pytest.mark.parametrize(("now", "phrase", "answer"), _elsewhen())
def test_the_calendar_turns(now: str, phrase: str, answer: str) -> None:
    assert _shown(read(phrase, datetime.fromisoformat(now))) == answer


SHARED = Path(__file__).resolve().parents[3] / "shared" / "cases" / "dates.json"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared cases are not beside this checkout")
def test_the_shared_cases() -> None:
    wrong = []
    for case in json.loads(SHARED.read_text()):
        answer = replay.read(case["text"], case["reference"])
        if not _agrees(answer, case):
            wrong.append((case["text"], answer))
    assert not wrong


def _agrees(answer: dict[str, Any], case: dict[str, Any]) -> bool:
    if "starts" in case:
        return answer["kind"] == "span" and answer["start"] in case["starts"]
    days = [case.get("d"), *case.get("alt", [])]
    return answer.get("d") in days and all(
        answer.get(key) == case.get(key) for key in ("kind", "t", "part", "from", "to")
    )


def test_replay_writes_each_kind_as_the_cases_do() -> None:
    now = NOW.isoformat()
    assert replay.read("oi", now) == {"kind": "none"}
    assert replay.read("amanhã às 15h", now) == {"kind": "point", "d": "2026-11-22", "t": "15:00"}
    assert replay.read("amanhã", now) == {"kind": "date", "d": "2026-11-22"}
    assert replay.read("amanhã cedo", now) == {"kind": "part", "d": "2026-11-22", "part": "morning"}
    assert replay.read("amanhã após as 18h", now) == {"kind": "after", "from": "2026-11-22T18:00"}
    assert replay.read("amanhã até as 12h", now) == {"kind": "before", "to": "2026-11-22T12:00"}
    assert replay.read("amanhã das 9 às 11", now) == {
        "kind": "range",
        "from": "2026-11-22T09:00",
        "to": "2026-11-22T11:00",
    }
    assert replay.read("semana que vem", now) == {"kind": "span", "start": "2026-11-23", "starts": ["2026-11-23"]}


def test_an_hour_without_a_day_says_so() -> None:
    assert read("às 15h", NOW).time_only
    assert read("de manhã", NOW).time_only
    assert read("das 9 às 11", NOW).time_only
    assert not read("hoje às 15h", NOW).time_only
    assert not read("em meia hora", NOW).time_only


def test_several_moments_are_offered_and_none_is_chosen() -> None:
    def offered(text: str) -> list[str]:
        when = read(text, NOW)
        assert when.kind is Kind.NONE
        return [_shown(each) for each in when.alternatives]

    assert offered("terça ou quarta") == ["24/11", "25/11"]
    assert offered("terça ou quarta às 10") == ["24/11 10:00", "25/11 10:00"]
    assert offered("terça às 10 ou 11") == ["24/11 10:00", "24/11 11:00"]
    assert offered("terça às 10 ou quarta às 15") == ["24/11 10:00", "25/11 15:00"]
    assert offered("amanhã de manhã ou à tarde") == ["22/11 manhã", "22/11 tarde"]
    assert offered("dia 12 ou 13") == ["12/12", "13/12"]
    assert offered("terça antes das 10 ou depois das 18") == ["24/11 <10:00", "24/11 >18:00"]
    assert offered("quinta 10 ou 11h") == offered("quinta 10 e 11h") == ["26/11 10:00", "26/11 11:00"]
    assert offered("sexta 10 e 10:30") == ["27/11 10:00", "27/11 10:30"]
    assert offered("segunda às 9h daqui a duas semanas") == ["30/11 09:00", "07/12 09:00"]
    assert offered("dia 5 de 12 às 15h") == ["05/12 12:00-15:00", "05/12 15:00"]
    assert offered("amanhã ou depois") == offered("amanhã ou depois de amanhã") == ["22/11", "23/11"]
    assert offered("só posso segunda quarta e sexta") == ["23/11", "25/11", "27/11"]
    assert offered("terça ou quarta, menos de manhã") == ["24/11 >12:00", "25/11 >12:00"]
    # Half of the day not said: both are asked for.
    assert offered("sexta às 06:00") == ["27/11 06:00", "27/11 18:00"]


def test_what_is_gone_is_told_from_what_is_not_understood() -> None:
    assert read("ontem", NOW).past
    assert read("hoje às 9h", NOW).past
    assert read("semana passada", NOW).past
    assert not read("oi", NOW).past
    assert not read("hoje às 15h", NOW).past


def test_what_was_read_can_be_cut_away() -> None:
    def rest(text: str) -> str:
        return cut(text, read(text, NOW))

    assert read("quero marcar sexta um corte às 10h", NOW).text == "sexta às 10h"
    assert rest("quero marcar sexta um corte às 10h") == "quero marcar um corte"
    assert rest("Barba AMANHÃ às 15h, por favor") == "Barba , por favor"
    apart = unicodedata.normalize("NFD", "barba amanhã às 15h então")
    assert unicodedata.normalize("NFC", rest(apart)) == "barba então"
    assert rest("barba") == "barba"


def _span(text: str) -> tuple[str, str] | None:
    found = window(read(text, NOW), NOW)
    return (f"{found[0]:%d/%m %H:%M}", f"{found[1]:%d/%m %H:%M}") if found else None


def test_a_window_holds_every_moment_that_fits() -> None:
    assert _span("amanhã") == ("22/11 00:00", "23/11 00:00")
    assert _span("amanhã às 15h") == ("22/11 15:00", "22/11 15:01")
    assert _span("amanhã de manhã") == ("22/11 06:00", "22/11 12:00")
    assert _span("amanhã à tarde") == ("22/11 12:00", "22/11 18:00")
    assert _span("amanhã à noite") == ("22/11 18:00", "22/11 23:00")
    assert _span("amanhã das 9 às 11") == ("22/11 09:00", "22/11 11:00")
    assert _span("amanhã depois das 18h") == ("22/11 18:00", "23/11 00:00")
    assert _span("amanhã até as 12h") == ("22/11 00:00", "22/11 12:00")
    assert _span("amanhã à tarde até as 16h") == ("22/11 12:00", "22/11 16:00")
    assert _span("semana que vem") == ("23/11 00:00", "30/11 00:00")


def test_a_window_does_not_begin_in_the_past() -> None:
    assert _span("hoje") == ("21/11 10:00", "22/11 00:00")
    assert _span("hoje de manhã") == ("21/11 10:00", "21/11 12:00")
    assert _span("essa semana") == ("21/11 10:00", "23/11 00:00")
    assert _span("terça ou quarta") is None
    assert _span("qualquer dia de manhã") is None
    assert window(read("hoje de manhã", NOW), NOW + timedelta(hours=3)) is None


PERIODS = """
hoje => 21/11 22/11 hoje
quanto deu ontem? => 20/11 21/11 ontem
anteontem => 19/11 20/11 quinta, 19/11
antes de ontem => 19/11 20/11 quinta, 19/11
quanto faturei esta semana? => 16/11 23/11 esta semana
essa semana => 16/11 23/11 esta semana
faturamento da semana => 16/11 23/11 esta semana
semana passada => 09/11 16/11 semana passada
na última semana => 09/11 16/11 semana passada
semana retrasada => 02/11 09/11 semana retrasada
quanto faturei esse mês? => 01/11 01/12 este mês
faturamento do mês => 01/11 01/12 este mês
quanto faturei mês passado => 01/10 01/11 mês passado
no último mês => 01/10 01/11 mês passado
mês retrasado => 01/09 01/10 mês retrasado
este ano => 01/01 01/01/2027 este ano
ano passado => 01/01/2025 01/01 2025
em 2025 => 01/01/2025 01/01 2025
em outubro => 01/10 01/11 outubro
outubro de 2025 => 01/10/2025 01/11/2025 outubro de 2025
em dezembro => 01/12/2025 01/01 dezembro de 2025
janeiro do ano passado => 01/01/2025 01/02/2025 janeiro de 2025
mês de outubro => 01/10 01/11 outubro
de janeiro a março => 01/01 01/04 janeiro a março
últimos 7 dias => 15/11 22/11 últimos 7 dias
nos últimos 30 dias => 23/10 22/11 últimos 30 dias
últimas 2 semanas => 08/11 22/11 últimas 2 semanas
últimos 3 meses => 22/08 22/11 últimos 3 meses
de 1 a 15 de novembro => 01/11 16/11 de 01/11 a 15/11
do dia 1 ao dia 15 => 01/11 16/11 de 01/11 a 15/11
01/11 a 15/11 => 01/11 16/11 de 01/11 a 15/11
entre 1 e 15 de novembro => 01/11 16/11 de 01/11 a 15/11
de 20/12 a 10/01 => 20/12/2025 11/01 de 20/12/2025 a 10/01/2026
primeira quinzena de outubro => 01/10 16/10 primeira quinzena de outubro
segunda quinzena do mês passado => 16/10 01/11 segunda quinzena de outubro
dia 10 => 10/11 11/11 terça, 10/11
dia 25 => 25/10 26/10 domingo, 25/10
dia 30 do mês passado => 30/10 31/10 sexta, 30/10
10/11 => 10/11 11/11 terça, 10/11
sexta passada => 20/11 21/11 ontem
no sábado => 14/11 15/11 sábado, 14/11
fim de semana passado => 14/11 16/11 fim de semana passado
desde o dia 10 => 10/11 22/11 desde 10/11
desde o começo do ano => 01/01 22/11 desde 01/01
mês que vem => 01/12 01/01/2027 mês que vem
amanhã => 22/11 23/11 amanhã
quanto faturei? => none
31/02 => none
hoje e ontem => none
este mês e mês passado => none
de 15 a 10 de novembro => none
fim do mês passado => none
primeira semana de outubro => none
últimos dias => none
de segunda a sexta => none
quanto deu na rua 15 de novembro => none
que dia? => none
"""


@pytest.mark.parametrize("line", _lines(PERIODS))
def test_a_report_looks_back(line: str) -> None:
    phrase, _, answer = line.partition(" => ")
    found = read_period(phrase, NOW)
    assert (f"{_dated(found.start)} {_dated(found.end)} {found.label}" if found else "none") == answer


SEVERAL_PERIODS = """
faturei em agosto e outubro => agosto; outubro
quanto faturei em julho, agosto e outubro => julho; agosto; outubro
compara agosto com outubro => agosto; outubro
outubro e novembro => outubro; novembro
janeiro e março de 2025 => janeiro de 2025; março de 2025
novembro e dezembro => novembro; dezembro de 2025
compara este mês com o mês passado => este mês; mês passado
semana passada e essa semana => semana passada; esta semana
ontem e hoje => ontem; hoje
agosto e agosto => agosto
de agosto a outubro => agosto a outubro
entre agosto e outubro => agosto a outubro
agosto e o fim de outubro de novo no fim do mês => none
quanto faturei? => none
"""


@pytest.mark.parametrize("line", _lines(SEVERAL_PERIODS))
def test_a_report_may_be_of_several(line: str) -> None:
    phrase, _, answer = line.partition(" => ")
    assert ("; ".join(each.label for each in read_periods(phrase, NOW)) or "none") == answer


def _dated(day: date) -> str:
    return f"{day:%d/%m}" if day.year == 2026 else f"{day:%d/%m/%Y}"


# What an answer may never be, whatever is written and whenever.

ZONES = [ZoneInfo(f"America/{name}") for name in ("Sao_Paulo", "Manaus", "Noronha", "Rio_Branco", "Santiago")]
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.sampled_from(ZONES))  # noqa: DTZ001
PHRASES = [phrase for phrase, _ in said()] + unsaid()
CHAT = st.lists(st.sampled_from([*LEXICON, *"0123456789", *" ,.?!/:-\n", "15h", "31/12", "às", "não", "R$"])).map(
    " ".join
)
WRITTEN = st.one_of(st.text(max_size=2_000), CHAT, st.lists(st.sampled_from(PHRASES), max_size=4).map(" ".join))


@settings(max_examples=400, deadline=None)
@given(WRITTEN, MOMENTS)
def test_any_text_has_an_answer_that_makes_sense(text: str, now: datetime) -> None:
    when = read(text, now)
    read_period(text, now)
    for each in (when, *when.alternatives):
        _makes_sense(each, now)
    assert when.kind is Kind.NONE or not when.alternatives
    assert when.text == " ".join(text[start:end] for start, end in when.spans)


def _makes_sense(when: When, now: datetime) -> None:
    local = now.replace(tzinfo=None)
    if when.kind is Kind.POINT:
        assert when.day
        assert when.time
        # A minute is the grain: "em 10 min" drops the seconds.
        assert datetime.combine(when.day, when.time) >= local.replace(second=0, microsecond=0)
    if when.kind in {Kind.DATE, Kind.AFTER, Kind.BEFORE, Kind.RANGE}:
        assert when.day
        assert when.day >= local.date()
    if when.kind in {Kind.RANGE, Kind.SPAN}:
        assert when.start
        assert when.end
        assert when.start < when.end
    found = window(when, now)
    assert found is None or local <= found[0] < found[1] or when.kind is Kind.POINT


@given(st.sampled_from(PHRASES), MOMENTS)
def test_accents_and_case_change_nothing(phrase: str, now: datetime) -> None:
    plain = "".join(c for c in unicodedata.normalize("NFD", phrase) if not unicodedata.combining(c))
    answer = replay.answer(read(phrase, now))
    for same in (plain, phrase.upper(), phrase.lower(), unicodedata.normalize("NFD", phrase), f"  {phrase} "):
        assert replay.answer(read(same, now)) == answer


@pytest.mark.parametrize("year", [1, 9999])
def test_the_ends_of_the_calendar_raise_nothing(year: int) -> None:
    for month, day in ((1, 1), (12, 31)):
        now = datetime(year, month, day, 12, 0, tzinfo=LOCAL)
        for phrase in PHRASES:
            read(phrase, now)
            read_period(phrase, now)


@pytest.mark.parametrize("text", ["às 10 " * 10_834, "9" * 65_000, "a" * 65_000, "\0" * 65_000, "não " * 16_250])
def test_a_very_long_text_is_not_read(text: str) -> None:
    assert read(text, NOW).kind is Kind.NONE
    assert read_period(text, NOW) is None


def test_space_around_a_wish_does_not_make_it_long() -> None:
    assert _shown(read("amanhã às 15h" + " " * 65_000, NOW)) == "22/11 15:00"
