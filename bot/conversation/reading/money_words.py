"""What professionals say of money and of the rules of the house, the special above the general."""

from typing import Final

from .phrasebook import Intent, Rules, line

MONEY: Final[Rules] = (
    line(
        Intent.DEADLINE,
        r"(?:cancel|desmarc|remarc)\w* .*\d+ ?(?:h|hs|horas?|dias?) (?:antes|de antecedencia).*",
        r"(?:prazo|politica|regra|antecedencia) (?:\w+ ){0,2}(?:cancel|desmarc|remarc)\w*.*",
        r"(?:ate|com) quan\w+ (?:\w+ )*clientes? (?:\w+ ){1,2}(?:cancel|desmarc|remarc)\w*.*",
    ),
    line(
        Intent.LATE,
        r"(?:estou|vou|ficar|me|chegando|chego) (?:\w+ ){0,3}atras\w+.*|atras(?:ad[oa]|ar|ei|o) (?:\w+ ){0,2}\d+.*",
        r"avis\w+ .*atras\w+.*|vou (?:me )?demorar.*|atrasei.*|(?:estou|to) atrasad[oa].*",
    ),
    line(
        Intent.PIX_KEY,
        r"(?:\w+ ){0,3}chaves?(?: d[eo])? pix.*|chave do meu pix.*",
        r"(?:o )?meu pix (?:e(?! qual)|agora|mudou|vai|sera) .*",
    ),
    line(
        Intent.CHARGE,
        r"cobr(?:a|ar|e)(?: .*)?|(?:faz\w*|ger\w+|envi\w+|mand\w+) (?:a |uma )?cobranca.*|cobranca (?:para|d[aeo]) .*",
        r"(?:mand\w+|envi\w+|ger\w+|pass\w+|faz\w*) (?:o |um |meu )?(?:pix|qr ?code do pix) (?:para|d[aeo]) .*",
    ),
    line(Intent.CPF, r".*cpf.*"),
    line(Intent.CHART, r"graficos?(?: .*)?"),
    line(
        Intent.EXPORT,
        r"export\w+.*|(?:\w+ ){0,4}(?:recibos?|csv|planilha|extrato)(?: .*)?|receita saude.*|carne leao.*",
    ),
    line(
        Intent.UNPAID,
        "quem (?:\\w+ )?(?:nao pagou|(?:falta|faltou) pagar|(?:me )?deve|esta (?:me )?devendo).*|quem (?:me )?deve.*",
        r"quanto (?:[oa] )?\w+ (?:\w+ ){0,5}(?:devem?|devendo).*",
        r"(?:[oa] )?\w+ (?:\w+ ){0,4}estao? (?:me )?devendo.*",
        "(?:alguem|tem alguem|cliente) (?:esta |me )?(?:devendo|deve).*|(?:pagamentos? pendentes?|inadimplent\\w+).*",
    ),
)
