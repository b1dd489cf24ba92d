"""What people want, in their own words: two tables of phrases, one a role, and the traps between them."""

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.reading.intents import Intent, understand
from bot.conversation.reading.vocabulary import unaccented
from bot.models.enums import Role

CLIENT = """
greet: oi | olá | Oi! | oiii | bom dia | Boa tarde! | boa noite | opa, tudo bem? | e aí | oi, bom dia, tudo bem? | eai
greet: 👋 | Olá, boa tarde | hey | oie | alô | oii tudo bem | bom diaa | Oi Odys | boa noite, td bem? | olaa
greet: oi sumido | Boa tardeee | bom dia meu amigo | oi gente
thanks: obrigado | obrigada! | muito obrigada | valeu | vlw | obg | brigadão | ok obrigado até sexta | 🙏
thanks: show, valeu! | agradeço muito | obrigada, bom fim de semana | perfeito, obrigada | muitíssimo obrigada
thanks: ok, muito obrigado! | valeu demais | obrigadaa 😍 | agradecida | mt obrigada viu | valeuuu
thanks: tudo bem, obrigado pela atenção | show, obg
bye: tchau | até mais | até logo | até amanhã! | até sexta | tchau tchau | falou, até | boa semana | até a próxima
bye: bjs tchau | até quinta então | fui, abraço | até segunda!
book: oi, queria marcar um corte amanhã de manhã | tem vaga sexta? | quero um horário | quero agendar uma consulta
book: gostaria de marcar um horário | dá pra me encaixar hoje? | tem horário hoje à tarde? | vc tem horario amnhã?
book: quero marcar | qro marcar pra hj | tem como marcar pra segunda? | marca pra mim quinta às 10
book: consigo um horário essa semana? | preciso de um horário urgente | tem encaixe? | quando você pode me atender?
book: qual o próximo horário disponível? | quais horários vc tem livre na terça? | quais os horários disponíveis?
book: agenda pra mim amanhã às 9h | agendar | marcar horário | quero fazer a unha sábado | queria cortar o cabelo hoje
book: bora marcar aquele corte | vc atende amanhã às 10? | tem algum horário livre depois das 18h? | oi tem hr hj?
book: posso ir aí amanhã às 14h? | queria ver se tem vaga pra minha filha | qual dia vc tem vaga?
book: reserva um horário pra mim | me encaixa hoje pfv | agendamento para sexta | marcar consulta
book: quero marcr um horaio | tem disponibilidade quarta? | oi vcs tem agenda pra hoje | será que rola um horário hoje
book: quero um horário com urgência | to precisando de um horario | não consegui marcar pelo site, pode marcar aqui?
book: não tenho horário marcado, quero marcar | ainda não marquei, quero marcar
book: não quero cancelar, quero marcar mais um | tem horário sábado de manhã? | quero agendr para amanha
book: marca pra amanhã | quero marcar de novo | quero outro horário além do que já tenho
book: quero o mesmo horário da semana passada | oi bom dia, será que vocês têm horário pra hoje ainda?
book: boa tarde gostaria de saber se tem vaga amanhã | quero ir cortar o cabelo sábado
book: preciso de um corte urgente kkk | consegue encaixar meu filho na quinta?
book: queria ver um horario p quinta de tarde | tem algum buraquinho hoje? | vcs tão com horário sexta de noite?
book: me agenda pra sexta 18h | quero marcar um retorno | dá pra fazer a sobrancelha hoje?
book: tem vaga com a Ana amanhã? | opa meu querido, tem horário hj? | vou querer um horário pra quarta
book: gostaria de agendar uma sessão | pode me atender amanhã às 9? | há vaga para segunda?
book: bom dia! teria disponibilidade para terça às 10h? | tem jeito de eu ir hoje? | quero marcar uma avaliação
book: reserva pra mim o das 15h | amanhã às 15h tá livre? | às 16h tem? | 15h tá disponível?
book: primeira vez aqui, como faço pra marcar? | como agendo? | como faço para agendar um horário?
book: posso marcar pra dois? | agendar para minha mãe | tem um horariozinho pra mim amanhã? | vc tem algo pra quinta?
book: quero fazer a barba sexta | bora cortar o cabelo hoje? | queria um encaixe hj se possível
book: será que dá pra me atender hoje às 18h? | marca pra mim, por favor, dia 30
book: gostaria de um horário para minha esposa | tem brecha hoje? | ainda tem vaga pra amanhã de tarde?
book: pode agendar um corte pra mim? | dá pra marcar pelo whats? | tô querendo marcar um horário
book: quero garantir um horário de sábado | vi seu instagram, queria agendar | vcs tem horario livre agora?
book: qdo tem vaga? | preciso cortar o cabelo urgente, tem vaga?
cancel: vou ter que desmarcar | não vou poder ir | cancela meu horário | preciso cancelar
cancel: quero cancelar minha consulta | infelizmente não vou conseguir ir hoje | não vou mais
cancel: nao vai dar pra ir amanhã | n vou poder ir hj | desmarca pra mim | surgiu um imprevisto, não consigo ir
cancel: tive um imprevisto | pode cancelar o de sexta? | cancelar | desmarcar por favor | não posso ir amanhã
cancel: nao vou poder comparecer | vou precisar cancelar | gostaria de desmarcar meu horario
cancel: quero desistir do meu horário | queria cancelr | preciso demarcar minha consulta | cancelamento
cancel: to doente, não vou | não queria desmarcar mas vou ter que | desmarca, depois eu remarco
cancel: desmarca quinta pra mim e depois vejo outro dia | não quero mais o horário de sexta
cancel: não vou conseguir comparecer | hoje não vai dar pra mim | pode liberar meu horário
cancel: não consigo cancelar, pode cancelar pra mim? | não poderei ir | vou ter que faltar amanhã
cancel: não precisa mais do meu horário | oi, não vou conseguir ir mais tarde, pode desmarcar?
cancel: mil desculpas mas vou ter que cancelar | cancele por favor meu agendamento de amanhã
cancel: não poderei comparecer à consulta | hoje não consigo ir | aconteceu um imprevisto aqui
cancel: vou precisar desmarcar amanhã | n vai dar p eu ir | quero cancelar tudo | pode tirar meu nome da agenda
cancel: adoeci, nao vou poder ir amanha | tô gripada, cancela pra mim | desmarcar o horario das 15 | não irei mais
cancel: gostaria de cancelar a sessão de quinta-feira | cancela aí | desmarca aí pra mim
cancel: não vou conseguir chegar, pode cancelar | gente mil perdões, não poderei ir hoje
cancel: tive um problema e não vou conseguir ir | quero cancelar o agendamento de amanhã | cancela por gentileza
cancel: infelizmente preciso desmarcar | pode desmarcar minha sessão | não vai dar pra eu ir amanhã
cancel: vou ter que cancelar, surgiu uma viagem
reschedule: não vou poder ir na terça, quero quarta 16h | não consigo terça, pode ser quinta de manhã?
reschedule: terça não posso, quarta pode ser? | terça não posso mais, só consigo na quarta
reschedule: não posso amanhã, me passa pra segunda
cancel: acho melhor não ir amanhã | não posso ir terça, quero cancelar | não posso amanhã
reschedule: amanhã de manhã eu não consigo, só à tarde | surgiu um imprevisto, tem como ser mais tarde?
hours: vocês atendem de segunda a sexta?
book: quero marcar sexta, de manhã não consigo, só à tarde
book: amanhã não dá pra me encaixar? | quero o de sempre | igual da outra vez | o mesmo serviço | o mesmo da última vez
cancel: não espera cancela
book: me vê um horário aí | vou viajar quinta então tem que ser até quarta, quero marcar
more: um pouco mais tarde | o mais tarde possível
late: cheguei | tô na porta | desculpa, esqueci do horário hoje
hours: domingo vcs abrem? | sábado vocês atendem?
cancel: vou ter que desmarcar terça, depois eu te aviso quando der pra remarcar
mine: confirmou? | ainda é às 10? | que horas?
who: qual seu nome? | você é o Rafael?
prices: o corte ainda é 50? | quanto vai dar?
services: dura quanto tempo?
payment: aceita dinheiro? | tem desconto? | faz desconto no pix? | tem promoção?
more: mais cedo | não, outro
reschedule: dá pra mudar pra sexta? | remarcar | preciso adiar | quero remarcar | tem como trocar meu horário?
reschedule: pode passar pra quinta às 16h? | preciso mudar o dia | da pra antecipar? | queria trocar pra outro dia
reschedule: não vou poder ir, dá pra mudar pra sexta? | reagenda pra mim | vamos remarcar? | muda meu horário pra 15h
reschedule: consegue me passar pra mais tarde? | transferir minha consulta | posso trocar de horário?
reschedule: quero alterar meu agendamento | não quero cancelar, quero remarcar | cancela o de quinta e marca pra sexta
reschedule: quero desmarcar e marcar outro dia | dá pra deixar pra semana que vem? | joga pra segunda
reschedule: tem como adiantar meu horário? | pode empurrar pra 17h? | meu horário é quinta, dá pra ser sexta?
reschedule: remarca pra amanhã por favor | presizo remarcar | troca pra sábado
reschedule: não é pra cancelar, só mudar o horário | em vez de quinta pode ser sexta? | queria mudar minha hora
reschedule: tem como me passar pra sexta? | preciso trocar o dia da minha consulta | dá para reagendar?
reschedule: surgiu um imprevisto, podemos remarcar? | quero mudar de quinta pra sexta
reschedule: dá pra ser mais cedo meu horário? | pode adiar pra semana que vem? | consigo antecipar minha sessão?
reschedule: não consigo ir quinta, tem outro dia? | não vou conseguir ir amanhã, posso ir outro dia? | muda pra 16h
reschedule: troca meu horário de amanhã pra sexta por favor | queria remarcar pra um horário mais tarde
reschedule: posso transferir pra segunda? | gostaria de alterar a data | me muda pra terça
reschedule: tem como mudar meu horário pra mais cedo? | preciso reagendar minha consulta de amanhã
reschedule: posso trocar o dia? | da pra passar p/ segunda? | queria adiar um pouquinho | remarca por favor pra quinta
reschedule: quero antecipar meu horario | consegue mudar das 10 pras 11?
reschedule: mudança de planos, pode ser sexta em vez de quinta?
mine: quando é meu horário? | que horas é minha consulta? | qual meu horário? | tenho horário marcado? | meus horários
mine: quais são meus agendamentos? | que dia eu marquei? | tá marcado pra quando? | esqueci que horas é
mine: ver meus horários | minha consulta é que dia mesmo? | meu horário é amanhã? | eu tenho algo marcado?
mine: meu agendamento está confirmado? | já confirmou meu horário? | vc cancelou meu horário?
mine: cancelaram minha consulta? | qual o dia do meu corte? | que hr é meu horario amanhã | meu horário tá certo?
mine: to marcado pra que dia? | qdo é meu horario | já marquei? | que dia é minha próxima sessão?
mine: esqueci meu horário | confere meu horário pra mim | minha consulta tá de pé? | eu tinha marcado que horas mesmo?
mine: meu horário de amanhã é que horas? | marquei pra que dia? | tem algo no meu nome? | qual horário eu marquei?
mine: me lembra meu horário | que horas eu marquei? | pode me lembrar meu horário? | eu marquei pra quando?
mine: tenho consulta essa semana? | to agendado? | meu corte é hj ou amanhã?
prices: quanto custa? | qual o preço? | qual o valor do corte? | quanto é a barba? | preços | tabela de preços
prices: valores | quanto vc cobra? | quanto fica corte e barba? | qto custa | quanto tá o corte? | qual valor?
prices: e o preço? | quanto sai a consulta | me passa os valores | quanto q é | qual é o valor da sessão?
prices: qual valor da barba? | cabelo e barba quanto fica? | quanto vcs cobram no corte? | preço do pezinho
prices: qto é a hidratação | é quanto? | quanto vai ficar? | me manda a tabela de valores
prices: quanto custa pra fazer luzes | é caro? | qual o preço da sessão? | quanto que vocês cobram?
prices: quanto custaria um corte infantil? | e a barba quanto é? | valores por favor | vc cobra quanto?
services: quais serviços vocês fazem? | o que vcs fazem? | vc faz barba? | lista de serviços | serviços
services: quanto tempo demora? | trabalha com coloração? | faz sobrancelha? | quanto tempo dura a sessão?
services: quais são os serviços? | quais os serviços disponíveis? | vcs fazem progressiva?
services: quanto tempo leva o corte? | tem manicure? | vocês trabalham com criança? | o que vcs oferecem?
services: vocês fazem luzes? | tem corte infantil? | quais procedimentos vcs fazem? | quanto tempo demora a sessão?
hours: qual o horário de funcionamento? | que horas abre? | vocês abrem sábado? | até que horas vcs atendem?
hours: tá aberto hoje? | quais dias vc atende? | horário de atendimento | que horas fecha? | funciona no domingo?
hours: vcs trabalham no feriado? | abre que horas amanhã? | atende aos sábados? | qual horário vcs abrem?
hours: abre domingo? | vocês fecham que horas hoje? | horário de atendimento? | vcs atendem no sábado?
hours: tão abertos agora? | trabalha segunda? | vcs abrem que horas? | funciona feriado? | fecha que horas?
hours: até que horas vocês ficam abertos? | qual o horário de vocês? | trabalham no domingo?
address: onde fica? | qual o endereço? | me manda a localização | como chego aí? | vcs ficam onde? | endereço pf
address: qual a rua? | onde vc atende? | fica em que bairro? | manda o endereco | é perto do metrô? | onde é?
address: qual é o endereço de vocês? | onde é o salão? | como faço pra chegar aí? | localização | vcs são de onde?
address: é em qual rua? | manda localização por favor | qual o endereço de vcs? | fica onde?
address: me manda a localização por favor | como chegar? | vcs atendem onde?
help: ajuda | help | menu | o que você faz? | como funciona? | ? | opções | não sei usar isso
help: o que posso fazer aqui? | preciso de ajuda | me ajuda | como isso funciona? | o que vc sabe fazer?
help: me ajuda aqui | quais as opções? | o que eu posso fazer por aqui?
person: quero falar com uma pessoa | atendente | falar com alguém | me passa pra um humano | quero falar com a Ana
person: posso falar com o profissional? | tem alguém aí? | não quero falar com robô | quero atendimento humano
person: chama o atendente | me liga por favor | quero falar com o dono | pode chamar alguém?
person: quero falar com gente de verdade | passa pra um atendente | falar com atendente
person: quero conversar com a doutora | quero falar com o Rafael | tem como falar com alguém? | quero um atendente
person: prefiro falar com uma pessoa
who: quem é você? | vc é um robô? | com quem eu falo? | é robô? | que número é esse? | isso é automático?
who: quem tá falando? | é um robô que responde? | você é uma pessoa? | quem é? | com quem estou falando?
who: isso é um robô? | é você mesmo Rafael ou robô? | com quem falo?
confirm: confirmo | confirmado | vou sim | confirmo presença | estarei lá | pode confirmar | eu vou
confirm: confirmo meu horário | tô indo | confirmar presença | presença confirmada | confirmo sim | tô confirmando
confirm: pode confirmar minha presença | tá confirmado sim, vou | vou comparecer | confirmado então
confirm: vou sim, pode confirmar | tá confirmado | confirmo minha presença amanhã
drop: deixa pra lá | esquece | deixa quieto | desisto | mudei de ideia | deixa, não precisa | nada não
drop: não precisa mais | não quero mais | deixa | esquece isso | ah deixa quieto | não precisa, obrigado
drop: deixa pra depois | não, deixa pra lá | nada, esquece | esquece, depois eu vejo | deixa quieto então
drop: deixa pra lá obrigada
keep: não quero cancelar | não cancela | não é pra desmarcar | não quero remarcar | não desmarca não
keep: não vou cancelar | cancela não | nem pense em cancelar meu horário | não quero cancelar nada
keep: eu não disse que queria cancelar | não quero desmarcar | eu não quero cancelar nada não | não é pra cancelar
keep: não precisa cancelar | por favor não cancele meu horário | não cancela não por favor | não quero desmarcar nada
keep: não é pra cancelar meu horário
intro: meu nome é Joana | meu nome é Patrícia | me chamo João Pedro | aqui é a Ana | sou o Carlos
greet: fala meu barbeiro | salve | opa meu querido | fala Rafael
person: tem como me ligar? | pode me ligar por favor
payment: faz por 40? | tem estacionamento? | vcs aceitam convênio? | tem wifi aí?
services: vc corta cabelo afro? | vocês pintam barba?
swap: queria trocar o serviço | quero mudar de serviço | errei o serviço | dá pra alterar o procedimento?
undo: desfaz | desfazer | ai não, desfaz isso | dá pra desfazer? | volta atrás | posso voltar atrás? | quero de volta
undo: cancelei sem querer | cancelei errado, foi mal | foi sem querer | me devolve, quero meu horário de volta
undo: cancela o cancelamento | desfaz o cancelamento por favor | apertei errado | descancela | volta como estava
undo: marquei errado | foi engano meu | quero voltar atrás no cancelamento
more: tem outros horários? | outros horários | mais opções | nenhum desses | tem outro? | mais horários
more: tem mais tarde? | não tem outro horário? | outro dia | outra data | nenhum serve | tem mais algum horário?
more: nenhum desses serve | não dá nenhum | outros dias | tem outra opção? | tem outro horário? | nenhum desses dá
more: outra opção? | algum outro?
late: vou me atrasar 10 minutos | vou atrasar um pouco | to atrasada | chego em 15 min, atrasei
late: posso chegar 10 minutos depois? | vou chegar 15 minutos atrasado | tô um pouco atrasada
late: vou demorar um pouco, trânsito | me atrasei | vou atrasar uns minutinhos | chego 10 min atrasado
late: estou atrasado, trânsito
payment: aceita cartão? | qual o pix? | como faço pra pagar? | posso pagar no pix? | já paguei
payment: tem que pagar adiantado? | vocês aceitam pix? | posso pagar no cartão de crédito? | qual a chave pix
payment: divide no cartão? | paga na hora? | vcs parcelam? | aceita débito? | já fiz o pix | como pago?
waitlist: me avisa se abrir vaga | lista de espera | se alguém desmarcar me chama | avisa se surgir horário
waitlist: se surgir uma vaga me avisa | me coloca na lista de espera | caso alguém desista me chama
series: quero horário fixo toda quinta | toda semana às 10h | quero deixar marcado toda segunda | marcar semanalmente
series: quero deixar fixo toda terça às 9 | posso marcar toda quinta? | quero vir toda semana
other_professional: quero outro profissional | trocar de profissional | quero marcar com outra pessoa
other_professional: mudar de profissional | tem outro profissional? | quero com outro barbeiro
unsure: cancelar ou remarcar? | se eu cancelar paga multa? | posso cancelar até quando?
unsure: quero marcar ou remarcar, não sei | tem multa pra cancelar? | se eu não for o que acontece?
unsure: se eu desmarcar hoje pago? | até quando posso cancelar? | marcar ou remarcar tanto faz
none: amanhã | de tarde | às 16h | corte e barba quinta 15h pode ser? | 15h | corte | Maria | sexta de manhã | ok
none: sim | não | talvez | 123 | asdf | kkkk | hum | moro na rua das flores | tenho alergia a lâmina
none: meu cabelo é cacheado | a segunda opção | o último | dia 12 | meu filho tem 5 anos | tá | huum | certo
none: pode ser | prefiro de manhã | o mais cedo | qualquer um | semana que vem | depois das 18h | João Pedro | cabelo
none: bom | a primeira | esse | quinta ou sexta | ontem fui aí | estou grávida | https://x.com | 999 | humm
none: sou alérgica | amanhã às 9 | 16:30 | depois eu te falo | 2 | quarta | é pro meu filho
none: kkk beleza
"""

PROFESSIONAL = """
greet: oi | bom dia | boa tarde! | opa | olá, tudo bem? | fala odys | oi tudo bem? | e aí
thanks: obrigado | valeu! | vlw | perfeito, obrigado
bye: tchau | até amanhã | até mais
agenda: quem tenho hoje? | agenda de amanhã | como está minha sexta? | minha agenda | agenda | agenda de hoje
agenda: agenda sexta | o que tenho amanhã? | quantos clientes hoje? | quem eu atendo amanhã?
agenda: meus atendimentos de hoje | como tá meu dia? | quem vem hoje? | tenho alguém às 15h? | tenho cliente amanhã?
agenda: como ficou a agenda de quinta? | quem faltou ontem? | mostra a agenda da semana | agenda do dia 30
agenda: agenda pra sexta | qual minha agenda de segunda? | horários de hoje | tenho alguma coisa marcada amanhã?
agenda: quem ta marcado pra hj | quem não veio ontem? | quantos atendimentos tenho na terça | compromissos de amanhã
agenda: qm tenho hj? | quem tá na agenda amanhã | me fala a agenda de amanha | e amanhã, quem tenho?
agenda: qual a agenda de hoje? | como tá amanhã? | quem são os clientes de hoje? | me mostra hoje
agenda: tem alguém marcado às 10? | quem tá marcado amanhã de manhã? | quantas pessoas tenho amanhã?
agenda: agenda da semana que vem | o que tem pra hoje? | quem é que vem amanhã? | minha agenda de sexta por favor
agenda: hoje tem quem? | tem cliente agora à tarde? | lista os atendimentos de amanhã | ver agenda
agenda: quem vai vir na quinta | tenho muita gente hoje? | como está a agenda? | como tá minha agenda hoje?
agenda: quem eu tenho amanhã de manhã? | quantos eu tenho hoje? | me diz a agenda de sexta | tem alguém hoje?
agenda: quais os clientes de amanhã | como foi ontem? | quem veio ontem? | agenda dia 31 | e sexta, quem vem?
next: quem é o próximo? | próximo cliente | qual o próximo horário? | quem vem agora? | quem é o prox
next: próximo atendimento | quem eu atendo agora? | qual meu próximo atendimento? | quem é o próximo da fila?
next: próximo | qual o proximo cliente? | quem é agora? | quem vem depois? | quem é o próximo cliente?
next: próximo por favor | e agora, quem vem?
pending: quem falta confirmar? | tem algo pra confirmar? | pedidos pendentes | quais pedidos estão pendentes?
pending: pendências | tenho pedidos novos? | o que falta eu confirmar | solicitações | quem ainda não confirmou?
pending: tem alguém pra confirmar? | o que está pendente? | tem pedido novo? | alguém pediu horário?
pending: alguém pra confirmar? | o que tem pendente? | tem solicitação nova?
revenue: quanto faturei esse mês? | faturamento da semana | quanto recebi ontem | quanto ganhei hoje? | faturamento
revenue: quanto entrou essa semana? | qual meu faturamento de outubro? | quanto fiz hoje | receita do mês
revenue: quanto vou receber hoje? | quanto deu ontem? | qto faturei hj | meus ganhos do mês passado
revenue: quanto já recebi este mês | balanço do mês | quanto já faturei em novembro? | faturei quanto ontem?
revenue: qto ganhei esse mês? | quanto entrou de dinheiro hoje? | me diz o faturamento | total recebido na semana
revenue: quanto fiz na semana passada? | faturei quanto esse mês? | quanto entrou hoje? | meu faturamento de setembro
revenue: quanto ganhei semana passada | qual foi minha receita ontem
customer: quem é o 11 98888-7777? | telefone da Júlia | ficha do Carlos | 11988887777 | contato do Pedro
customer: qual o tel da Ana? | quem é a Júlia? | dados da Maria Clara | histórico do Pedro | +55 11 98888-7777
customer: me passa o numero da Bia | quando a Ana veio pela última vez? | quantas vezes o Carlos faltou?
customer: procura a Júlia | busca o cliente João | qual o telefone do João? | me fala da Júlia
customer: quem é esse número 11987654321? | 21 99999-1234 | tem o contato da Carla? | ficha da cliente Ana Paula
customer: informações do Pedro | qual o número da Carla? | quem é a Fernanda? | me mostra a ficha do João
customer: 11 97777-8888 | contato da Beatriz por favor
book: marca a Júlia quinta às 15h | agenda o Pedro amanhã 10h corte | encaixa a Ana | marcar Carlos sexta 9h
book: agenda a Maria pra segunda às 14h | coloca o João às 16h hoje | bota a Ana amanhã 11h
book: marque a Bia dia 12 às 10h | agenda pedro amanhã 10h | reserva sábado 9h pro Marcos | quero marcar a Júlia
book: marca um corte pro Pedro sexta às 10h | marca o 11 98888-7777 amanhã às 9h | agendar a dona Rosa quinta de manhã
book: encaixe da Carla hoje às 18h | agende o Tiago para terça 8h | novo agendamento | marcar cliente
book: marca horario pra Ana Paula amanha as 10 | marca pra mim a Ana amanhã 14h | bota o Pedro pra sexta 9h
book: agenda um corte pra Júlia segunda 10h | coloca a Maria na quarta às 8 | encaixa o João hoje às 17h
book: marca João dia 30 14:30 | marcar horário | quero agendar um cliente | marca a Dona Lúcia às 9h de sexta
book: agendar Beatriz na terça à tarde | reserva as 15h de amanhã pra Carla | anota o Paulo amanhã às 11
book: agenda a cliente Ana Paula de Souza quinta 16h | marca o Lucas agora às 14h | Júlia quer marcar quinta às 15h
book: marca a Fernanda amanhã 9h | agenda a Carla pra quarta 15h barba | encaixa o João às 18h hoje
book: coloca a Bia sexta às 10 | marcar o Paulo para segunda 8h | a Ana quer vir quinta às 15h
book: a Bia quer um horário amanhã
confirm: confirma a Júlia | confirmar o Pedro | pode confirmar a Ana | aceita a Bia | confirma o horário do Carlos
confirm: confirma | aprova o Pedro | confirme a Júlia de quinta | aceitar | confirma a das 15h
confirm: pode aceitar o pedido da Ana | pode confirmar a Maria | aceito o pedido da Júlia | confirma o das 10h
confirm: confirmar Ana | ok confirma o João | confirma o João aí | pode confirmar o pedido da Carla | confirmo a Bia
confirm: aceita o da Júlia
reject: recusa o Pedro | rejeita a Ana | recusar | não aceita o Carlos | recusa o pedido da Júlia
reject: não confirma o Pedro | não vou aceitar a Bia | recusa a Maria | não quero aceitar o Pedro
reject: rejeitar o pedido do João | não aceita | recusa o da Carla | rejeita esse pedido do João
reject: não vou confirmar a Bia
no_show: a Júlia não veio | faltou o Carlos | o Pedro faltou | a Ana não apareceu | Carlos furou | a Bia deu bolo
no_show: a julia n veio hj | o cliente das 15h não veio | Pedro não compareceu | marca falta pro Carlos
no_show: registra falta da Ana | levei bolo do Pedro | Maria não veio hoje | a cliente faltou | não apareceu o Pedro
no_show: João me deu bolo | anota falta da Carla | o das 9h faltou | Ana não compareceu ontem | o João furou comigo
no_show: a Carla não apareceu hoje | Bia faltou de novo | não veio o Paulo | o das 10h não compareceu
complete: conclui o Pedro | terminei com a Ana | já atendi o Carlos | finaliza a Júlia | acabei o corte do João
complete: atendimento da Bia concluído | encerra o horário do Pedro | conclui a das 10h | finalizei com o Marcos
complete: conclua a Ana | terminei o Pedro | atendi a Maria | acabei com a Júlia | pode concluir o Pedro
complete: João concluído | finalizar atendimento da Ana | Ana foi atendida | terminei a Bia | João finalizado
complete: concluí o atendimento da Carla | atendi o Paulo agora | pronto com a Bia
paid: a Júlia pagou | o Pedro já pagou | recebi da Ana | marca como pago o Carlos | pagamento da Bia
paid: o pix do João caiu | Ana pagou | recebi o pagamento do Pedro | a Júlia acertou no pix | coloca a Ana como paga
paid: dá baixa no pagamento do Carlos | Maria pagou | recebi do João | João pagou no pix | Ana acertou
paid: marca pagamento da Júlia | a Carla quitou | Pedro pagou em dinheiro | Maria já pagou hoje
paid: a Bia pagou em dinheiro | recebi da Carla agora | João já acertou | o corte do carlos foi pago
paid: marca a Bia como paga
cancel: desmarca a Ana | cancela o Pedro de sexta | cancelar a Júlia | cancela o horário das 15h | a Júlia cancelou
cancel: a Ana desmarcou | o Pedro não vem mais | a Bia não vai poder vir | preciso desmarcar o Carlos
cancel: cancela meu horário com o Pedro | a ana avisou que não vem | cancela a Maria amanhã | desmarque o João
cancel: a Ana não vem mais | Pedro cancelou comigo | tira a Júlia da agenda | cancela o das 10h
cancel: Maria avisou que não vem | desmarca a Carla de amanhã | cancela o horário do João | a Bia desmarcou
cancel: o Paulo não vem hoje | tira o João da agenda de amanhã
reschedule: passa o Pedro pra sexta 10h | remarca a Ana | muda a Júlia pra quinta às 16h | troca o Carlos pra amanhã
reschedule: transfere a Bia para segunda | joga o João pras 17h | adia a Ana | reagendar o Pedro
reschedule: antecipa a Júlia pra 14h | preciso remarcar a cliente das 15h | a Ana pediu pra mudar pra sexta
reschedule: empurra o Pedro pra 11h | desmarca a Ana e marca ela sexta às 10h | muda o João pra amanhã 15h
reschedule: a Maria quer mudar pra sexta | remarca o das 15h pra 16h | passa a Ana das 10 pras 11
reschedule: troca a Júlia de quinta pra sexta | coloca a Ana às 16h em vez das 15h | passa a Bia pra terça às 9
reschedule: remarca o João pra semana que vem | muda o Paulo das 9 pras 10 | a Carla quer trocar pra sexta
reschedule: adianta o João pra 14h
free: quais horários tenho livres amanhã? | tenho horário livre hoje? | to livre que horas amanhã?
free: horários vagos sexta | tem buraco na agenda hoje? | quando estou livre? | vagas de amanhã
free: que horário eu tenho disponível quinta? | tem encaixe amanhã? | horarios disponiveis sexta | tenho vaga amanhã?
free: que horários estão livres sexta? | qual o próximo horário livre? | que horas tô livre amanhã?
free: tem horário vago hoje? | quais vagas tenho essa semana? | que horas tenho livre hoje?
free: tem vaga na minha agenda amanhã? | estou livre às 15h? | quais buracos tenho amanhã? | próximo horário livre
block: bloqueia sexta à tarde | vou tirar férias de 20 a 30/12 | não vou atender amanhã | fecha minha agenda segunda
block: folga sexta | não trabalho dia 24 | vou viajar semana que vem | bloquear das 12h às 14h | férias
block: fecha a agenda de sexta | não vou trabalhar sexta | fecha sexta | tira o dia 24
block: vou estar de férias em janeiro | bloqueia amanhã de manhã | não atendo dia 31 | preciso de folga segunda
block: feche amanhã | não vou atender dia 24 | fecha a agenda de amanhã | tô de folga sexta | bloqueia das 12 às 13
block: tira férias em janeiro
block: não marca mais ninguém hoje | não aceita mais agendamento pra amanhã | hoje não atendo mais
block: não quero mais ninguém hoje | não agenda mais nada pra hoje | fecha todo sábado
reject: não aceita o pedido da Ana
open: abre sábado 9 às 12 | vou atender sábado das 9 às 12 | abrir a agenda domingo | libera sexta de manhã
open: desbloqueia sexta | abre domingo de manhã | vou trabalhar no feriado | libera sábado à tarde
open: quero abrir sábado | vou trabalhar domingo | abre a agenda sábado | libera o horário das 12h
block: fecha dia 25/12 | fecha o dia 25/12 | fecha no natal | férias de 20 a 30/12
open: abre dia 25/12 | abre o feriado | abre no dia 24
holidays: quais os próximos feriados? | tem feriado esse mês? | próximos feriados | quais feriados vêm aí? | feriados
series: marca a Júlia toda quinta às 15h | agenda o Carlos quinzenal terça 9h | marca a Ana todo mês dia 5 às 10h
series: marca a Bia às quintas 10h | a Júlia quer toda terça às 9h | coloca o João semanal sexta 8h
waitlist: quem está na lista de espera? | lista de espera | quem tá esperando vaga? | quem está na fila de espera
charge: cobra a Júlia | manda o Pix pra Júlia | cobrar o Pedro | envia a cobrança da Ana | gera o pix da Bia
chart: gráfico do faturamento | gráfico da semana | me mostra um gráfico | grafico do mês passado
export: exporta os recibos de outubro | planilha dos pagamentos | recibos do mês | gera o csv | quero os recibos
pix_key: minha chave pix é maria@exemplo.com | muda minha chave pix | chave pix | meu pix é 529.982.247-25
customer: quantas faltas a Ana teve esse mês?
visits: quais os horários da Ana? | a ana tem aula quinta?
agenda: quais os horários de amanhã? | quem é meu primeiro cliente de terça?
block: não vou conseguir atender terça à tarde | não posso atender sexta
book: queria que você marcasse a ana pra segunda às 15h
cancel: queria que vc cancelasse a julia
revenue: compara agosto com outubro | compara com o mês passado | faturei em agosto e outubro
services: qual a duração do corte? | qual o tempo de cada serviço?
hours: qual o meu horário de almoço? | que horas é meu intervalo?
block: bloqueia amanhã meu horário de almoço
cpf: meu cpf é 529.982.247-25 | o CPF da Júlia é 529.982.247-25 | cadastra o cpf da Ana
deadline: cancelamento até 24h antes | só pode cancelar até 12 horas antes | prazo de cancelamento
deadline: política de cancelamento | cliente pode desmarcar até 2 dias antes
late: estou atrasado 15 minutos | vou atrasar 20 min | avisa que vou me atrasar | tô atrasada | vou demorar
services: meus serviços | adicionar serviço | novo serviço barba 30 reais 20 min | quais serviços eu tenho
services: remove o serviço barba | meus serviços quais são? | adiciona o serviço hidratação | cadastrar serviço
services: apaga o serviço barba | incluir um serviço novo | quais meus serviços? | cadastra um serviço novo
services: adiciona serviço sobrancelha
set_price: muda o preço do corte para 50 | o corte agora é 60 reais | aumenta a barba pra 40 reais
set_price: alterar valor da consulta | corte passou pra R$ 55 | muda o valor da barba pra 35 | corte agora custa 45
set_price: aumentar preço do corte pra 70 | o preço do corte é 50 | reajusta a consulta para 200
set_price: aumenta o corte pra 60 | muda o preço da barba | o valor da consulta passou pra 200
set_price: aumenta o corte em 10% | muda a barba pra R$ 1.234,56 | baixa a barba pra 30
set_length: o corte agora dura 40 min | muda a duração da barba | corte dura meia hora
hours: meus horários de atendimento | mudar meu horário de trabalho | meu expediente | que horas eu abro?
hours: quais dias eu atendo? | qual meu horário de atendimento? | muda meus horários de trabalho | que dias eu atendo?
hours: meu horário de trabalho | que horas eu começo? | mudar meu expediente
link: meu link | manda meu link | link de agendamento | qr code | qual o link pros clientes? | qual meu link?
link: me manda o link da agenda | link pra cliente marcar | gera o qr code
plan: meu plano | quero assinar | qual plano eu tenho? | quanto custa o odys? | mudar de plano | quanto custa o plano?
plan: assinar o pro | cancelar minha assinatura
help: ajuda | o que você faz? | menu | como funciona? | comandos | ? | me ajuda | o que você sabe fazer?
help: quais são os comandos? | o que dá pra fazer aqui?
who: quem é você? | vc é robô?
drop: deixa pra lá | esquece | deixa | desisto | não precisa | não, deixa pra lá | esquece isso
keep: não cancela a Ana | não quero cancelar | não desmarca o Pedro | não recusa a Júlia | não marca falta
keep: não cancela o Pedro | não remarca a Ana | não quero desmarcar ninguém | não cancela o João
keep: não é pra desmarcar ninguém
undo: desfaz | desfaz aí | volta atrás | recusei errado | confirmei sem querer | bloqueei errado | reverte isso
complete: o carlos e a ana vieram | a ana compareceu | a Ana veio sim
paid: os dois pagaram
shorter: hoje vou fechar mais cedo, 17h | amanhã encerro mais cedo 16h
block: pausa as marcações de amanhã | pausa a agenda de sexta
unpaid: quanto o pedro me deve? | quanto a Júlia e o Carlos me devem?
book: cliente novo Marcos 21 99876-5432 corte amanhã 9h
tell: avisa ele | fala com ela | avisa o cliente | avisa os clientes de segunda que mudei de endereço
note: anota que o carlos é alérgico a loção | anota aí que ela prefere de manhã | coloca uma observação na ficha
note: anota na ficha da Júlia: alérgica a amônia
cancelled: quem cancelou essa semana? | quem desmarcou hoje
visits: o carlos remarcou? | a ana já remarcou?
customer: qual o telefone dele? | ficha dela
agenda: que horas é o último hoje? | quem é a última | qual meu primeiro horário
open: no natal trabalho | sábado eu atendo | domingo 29/11 trabalho
shorter: segunda só atendo até as 15 | amanhã só atendo de tarde | quarta vou atender só até 12h | terça começo só às 11
shorter: quinta só das 14 às 18 | sexta saio mais cedo, às 16 | amanhã chego só depois das 11 | hoje só até meio dia
shorter: dia 25 só trabalho a partir das 13h | hj vou parar às 17h | amanhã só de manhã | hoje só fico até as 17
undo: cliquei errado | desfaz a última coisa | cancelei por engano a Ana | volta como era
more: outros horários | tem outro? | mais opções
unsure: a Júlia não pagou | a Ana não faltou | quanto a Júlia pagou? | confirma ou recusa?
unsure: a Júlia faltou pagar
unpaid: quem não pagou? | quem ainda não pagou? | quem tá devendo? | quem me deve?
everybody: cancela tudo de amanhã | desmarca todo mundo de amanhã | cancela todos | confirma todos os de hoje
everybody: cancela a agenda de amanhã | cancela os horários de sexta | limpa minha agenda de hoje
everybody: remarca todo mundo de terça
cancel: cancela os horários fixos da Ana | cancela tudo da Ana
help: como cancelo alguém? | como eu marco cliente novo?
agenda: resumo do dia | quem confirmou? | que horas eu termino hoje?
revenue: quantos atendimentos eu tive esse mês? | fechamento do dia
free: tenho horário pra barba hoje à tarde?
reschedule: atrasa o João em 1 hora
keep: não cancela todo mundo
visits: que horas é o João? | que horas o João vem? | quando a Ana vem? | qual o horário da Ana? | que dia é o Pedro?
visits: a Ana tá marcada pra quando? | qual o dia do João? | a Bia tem horário marcado?
services: quanto tempo dura a barba?
visits: o João é que horas hoje? | o João confirmou que vem terça
book: põe a Ana pra quinta 9h barba
paid: recebi 50 do Carlos
no_show: o Carlos deu o cano | a Ana e o Pedro não vieram | ana e pedro faltaram ontem
cancel: tira o Carlos de amanhã | a Júlia e o Carlos desmarcaram | a Ana e o Pedro não vão poder vir
block: sábado que vem não abro
customer: quem é Ana Paula?
revenue: quanto vai entrar amanhã?
visits: a Ana confirmou? | o Carlos vem amanhã?
reject: recusa a Júlia, já tenho compromisso
reschedule: o Carlos falou que não consegue vir amanhã às onze, quer saber se pode ser segunda
revenue: quanto faturei segunda e terça? | quanto entrou ontem e hoje? | quanto eu recebi quinta e sexta?
prices: quanto tá o corte? | quanto custa a barba? | qual o preço do corte? | quanto eu cobro no corte? | meus preços
revenue: relatório do mês | me manda o relatório | resumo da semana | fechamento do mês
set_price: desconto de 10% | dá 10% de desconto no corte
none: Júlia | amanhã | 15h | corte | ok | sim | não | hum | asdf | a das 15h | kkkk | quinta às 10 | a Ana Paula | 10h
none: Maria Clara | de manhã | é a de sexta | sei lá | Carla | amanhã 9h | tá bom | o segundo | 50 reais
"""


def _table(text: str) -> list[tuple[str, str]]:
    return [
        (phrase.strip(), line.partition(":")[0])
        for line in text.strip().splitlines()
        for phrase in line.partition(": ")[2].split(" | ")
    ]


CLIENT_PHRASES, PROFESSIONAL_PHRASES = _table(CLIENT), _table(PROFESSIONAL)


@pytest.mark.parametrize(("text", "intent"), CLIENT_PHRASES)
def test_what_a_client_wants(text: str, intent: str) -> None:
    assert understand(text, Role.CLIENT).intent == Intent(intent)


@pytest.mark.parametrize(("text", "intent"), PROFESSIONAL_PHRASES)
def test_what_a_professional_wants(text: str, intent: str) -> None:
    assert understand(text, Role.PROFESSIONAL).intent == Intent(intent)


@pytest.mark.parametrize(
    ("text", "intent", "asides"),
    [
        ("quero marcar um corte sexta, quanto custa?", Intent.BOOK, {Intent.PRICES}),
        ("quanto é a barba? tem horário amanhã?", Intent.BOOK, {Intent.PRICES}),
        ("quero um horário amanhã e onde fica?", Intent.BOOK, {Intent.ADDRESS}),
        ("quero marcar amanhã", Intent.BOOK, set()),
    ],
)
def test_a_question_may_ride_along(text: str, intent: Intent, asides: set[Intent]) -> None:
    reading = understand(text, Role.CLIENT)
    assert (reading.intent, {*reading.asides}) == (intent, asides)


def test_the_tables_are_large_and_hold_every_intent() -> None:
    assert len(CLIENT_PHRASES) + len(PROFESSIONAL_PHRASES) >= 900
    assert {Intent(intent) for _, intent in CLIENT_PHRASES + PROFESSIONAL_PHRASES} == {*Intent}


@pytest.mark.parametrize(
    ("role", "phrases"), [(Role.CLIENT, CLIENT_PHRASES), (Role.PROFESSIONAL, PROFESSIONAL_PHRASES)]
)
def test_accents_capitals_and_signs_change_nothing(role: Role, phrases: list[tuple[str, str]]) -> None:
    """Nearly nobody types accents; a wish must not depend on them."""
    changed = Counter(
        (text, intent)
        for text, intent in phrases
        for other in (unaccented(text), text.upper(), f"  {text}  ", f"{text}!!")
        if understand(other, role).intent != Intent(intent) and text != "?"
    )
    assert not changed


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("act", ["cancelar", "desmarcar", "remarcar", "confirmar"])
@pytest.mark.parametrize("no", ["não quero", "nao vou", "não é pra", "não precisa", "eu não pedi pra", "sem"])
def test_a_no_in_front_is_never_read_as_the_deed(role: Role, act: str, no: str) -> None:
    assert understand(f"{no} {act}", role).intent not in {Intent.CANCEL, Intent.RESCHEDULE, Intent.CONFIRM, Intent.BOOK}


@given(st.text(max_size=400), st.sampled_from(Role))
def test_any_text_is_read(text: str, role: Role) -> None:
    assert understand(text, role).intent in Intent


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "cancelar ",
        "nao ",
        "quero ",
        "tem algum ",
        "🎉",
        "? ",
        ", ",
        "\u0000",
        "1",
        "11 98888-7777 ",
        "é",
        "marca a ",
    ],
)
def test_a_wall_of_text_is_read_at_once(piece: str) -> None:
    """65,000 characters arrive as they are; a slow pattern would hold up every other conversation."""
    text = (piece * 65_536)[:65_536]
    started = time.process_time()
    for role in Role:
        understand(text, role)
    assert time.process_time() - started < 0.5
