"""What models say before they say anything: courtesies, announcements, excuses, the question once more. Pure.

An index has one line for an answer, and none for these. They are told by how they begin and by what they are about
(`Here is my analysis`, not `Here is the thing: nobody owns it`), each up to the sign that ends it. A word that may be
an answer as well (`Certainly.`) is one of them only before another.

There is a table for each language, or for some that need little: a sentence to a line, and what is indented goes on
with the line before. `~` is what a sentence has up to its end, `…` a few words of it, and `'` any apostrophe.
"""

import re

MOST_PREAMBLES = 4  # before one another: `Hi! Thanks for asking. Great question. Let's look at it.`

_ENGLISH = r"""
(?:sure(?: thing)?|certainly|of course|absolutely|definitely|okay|ok|alright)(?=!)
(?:hi|hello|hey|greetings)(?: there| all| team| everyone)?
happy to help|glad you asked|no problem|got it|understood|i understand
(?:many )?(?:thanks|thank you)(?: so much)? for~
(?:(?:that|this|it)(?:'s| is| sounds like| must be) |what )?(?:such )?(?:an? )?(?:really |very |truly |quite )?
    (?:great|good|excellent|interesting|important|tough|tricky|fair|classic|hard|difficult|complex|common|frustrating|
    thoughtful|fascinating|challenging|serious|familiar|painful|stressful)(?: and \w{3,14})?
    (?: (?:question|point|one|challenge|problem|situation|topic|issue|dilemma|position|spot|decision))?
    (?: to (?:be in|ask|face|have))?
(?:i'm |i am |so |very ){0,2}sorry (?:to|about|that|you)~
i (?:hear|feel for) you|i (?:can )?(?:understand|see) (?:how|why|that|your|the)~
(?:i'd|i would|i'm|i am) (?:be )?(?:happy|glad|delighted|pleased)~
(?:here(?:'s| is| are| comes?| goes)|below(?:,| is| are| you)|(?:the )?following (?:is|are))~TOPIC~
(?:here(?:'s| is| are)|below(?:,| is| are)|(?:the )?following (?:is|are))~(?=: *$)
(?:let's|let us|let me|(?:i|we)(?:'ll| will|'m going to| am going to)) (?:now )?
    (?:start|begin|go|take|consider|think|share|focus|approach|work|give|see|answer|use)~TOPIC~
(?:let's|let us|let me|(?:i|we)(?:'ll| will)) (?:look (?:at|into)|dive in|dig in|analy[sz]e|explore|examine|unpack|
    break (?:this|it)|(?:walk|work|think) (?:this |it )?through|explain)~
i(?:'ve| have) (?:looked|analy[sz]ed|examined|broken)~TOPIC~
(?:in )?this (?:analysis|answer|response)~TOPIC~
from (?:the|an?)… (?:perspective|angle|point of view|lens)
(?:(?:to|in order to) (?:answer|address|understand|analy[sz]e|tackle|solve|explore)…, )?(?:looking…, )?
    (?:i|we)(?:'d|'ll| would| will| can| could| need to| first need to| should| must| have to) (?:first |now )?
    (?:look at|ask why|analy[sz]e|explore|examine|break (?:it|this) down|think about|dig|dive|step back|trace|
    go through)~
you(?:'re| are|'ve| have)? (?:just )?(?:ask(?:ed|ing)|wanted to know|wonder(?:ed|ing)) (?:me )?
    (?:why|whether|how|about|if|what|for|when|who|which)~
your (?:question|problem|message|situation|challenge) (?:is (?:that|why|how|whether)|was|asks|concerns)\b~
the user (?:asks|wants|is asking|asked)\b~
(?:(?:as|being)|i'm(?: just| only)?|i am(?: just| only)?) an? (?:ai|language|large|artificial)\b(?!~\bbut\b)~
i (?:don't|do not|can't|cannot) (?:have|know|see|access)\b(?!~\b(?:but|because|until|without)\b)
    ~\b(?:access|information|data|context|details?|team|company|situation|enough)\b~
"""
_EUROPEAN = r"""
(?:natürlich|klar|selbstverständlich|bien sûr|¡?claro(?: que sí)?|¡?por supuesto|¡?desde luego|cert(?:o|amente)|
    конечно)(?= ?!)
(?:gute|spannende|interessante) frage|hallo|guten tag|(?:vielen )?dank für~|gern(?:e(?: doch)?)?
hier (?:ist|sind|folgt|kommt)~\b(?:analyse|antwort|überblick|sicht|einschätzung|gründe|zusammenfassung)~
(?:im folgenden|nachfolgend|lass(?:t|en sie)? uns|schauen wir|betrachten wir|sehen wir)\b~
(?:sie|du) (?:fragen|fragst|haben gefragt|hast gefragt|möchten wissen),?~
als ki\b(?!~\baber\b)~|en tant qu'ia\b(?!~\bmais\b)~|como (?:ia|modelo)\b(?!~\bpero\b)~
(?:très )?bonne question|bonjour|avec plaisir|merci (?:pour|de|d')~
(?:voici|voilà|ci-dessous|voyons|analysons|examinons|regardons|je vais)\b~
vous (?:demandez|avez demandé|voulez savoir)\b~
¡?(?:muy )?buena pregunta|¡?hola|¡?con gusto|gracias por~|(?:usted )?pregunt(?:a|as|aste) (?:por|si|cómo)~
(?:aquí (?:tienes|tiene|está|van?)|a continuación|veamos|analicemos|examinemos|voy a)\b~
(?:ótima|boa) pergunta|olá|(?:aqui está|vejamos|segue|vamos (?:ver|analisar))\b~
ciao|(?:ottima|bella) domanda|(?:ecco|di seguito|vediamo|analizziamo)\b~
отличный вопрос|здравствуйте|привет|(?:вот|ниже|давайте)\b~(?:анализ|ответ|разбор|рассмотрим|посмотрим)~|рассмотрим\b~
"""
_JAPANESE = r"""
承知(?:いた|致)?しました|承知です|了解(?:です|しました|いたしました)|(?:わ|分)かりました|かしこまりました|もちろんです(?=[!！])
こんにちは|お疲れ[様さ]です|なるほど(?:です)?ね?|お察しします|(?:それは)?(?:大変|お困り|お悩み)です(?:よ?ね)?
(?:ご?(?:質問|相談|共有|連絡|依頼)…)?ありがとうございます
(?:とても|非常に|大変|本当に|なかなか)?(?:重要な?|大切な?|難しい|良い|よい|いい|興味深い|悩ましい|深い|鋭い|よくある)
    ご?(?:テーマ|問題|問い|質問|課題|相談|状況|点|視点|論点|お?悩み)です(?:よ?ね)?
(?:ご?(?:質問|相談)…、)?(?:以下|下記|ここ(?:で|から)|これから|早速|さっそく)…
    (?:示し|まとめ|述べ|説明し|分析し|お答えし|整理し|回答し|記し|考え|掘り下げ|ご紹介し|お伝えし|深掘りし|解説し)
    (?:てい(?:き))?(?:ます|ました|ましょう)ね?
…(?:観点|視点|側面|切り口|角度)(?:から|で)、?…(?:分析|考え|見て|整理|検討|お答え|掘り下げ|回答|解説)…(?:ます|ました|ましょう)
…について、?…(?:お答え|分析|回答|整理|解説|説明)(?:し|いたし)ます
(?:以下|次|下記)の(?:通|とお)り(?:です|になります)
…(?:との|という|の|に関する|についての)ご?(?:質問|相談)(?:です|でした)?ね?|ご?(?:質問|相談)は…です
(?:私は)?ai(?:なので|のため|ですので|として(?!は))(?!…(?:ですが|ませんが))~
"""
_CHINESE = r"""
(?:这|這)(?:确实|確實)?是(?:一)?[个個]?(?:非常|很)?(?:好|有趣|重要)的?(?:问题|問題)
(?:以下|下面|接下来|接下來)…(?:分析|回答|解答|看法|观点|觀點|梳理|探讨|探討|总结|總結|原因)…
(?:我[们們])?(?:可以|需要|应该|應該|来|來|将|將|先)?[从從]…(?:角度|视角|視角|层面|層面|方面|维度|維度)(?:来|來|去|进行|進行)?
    (?:看|分析|思考|探讨|探討|讨论|討論|梳理|理解)…
(?:让我[们們]|讓我們|我们来|我們來|我来|我來|我将|我將)~
[您你](?:想知道|问的是|問的是|的问题是|的問題是)~
作为(?:一个|一名)? ?(?:ai|人工智能)(?!~但)~
"""
_OTHERS = r"""
(?:물론(?:입니다|이죠|이지요)?|بالتأكيد|بالطبع|ज़रूर|अवश्य|แน่นอน(?:ครับ|ค่ะ)?|בוודאי|בהחלט)(?= ?!)
(?:좋은|훌륭한) 질문(?:입니다|이네요|이에요)|안녕하세요|(?:네,? )?알겠습니다|(?:질문|문의|말씀)…감사합니다
(?:다음은|아래는|이제|그럼|먼저)…(?:분석|답변|정리|설명|살펴|생각|관점)…|…(?:관점|측면)에서 (?:분석|살펴|정리|설명)…
नमस्ते|अच्छा सवाल(?: है)?|(?:यहाँ|नीचे|आइए)…(?:विश्लेषण|उत्तर|जवाब|देखें|देखते)…
مرحبا|سؤال جيد|(?:إليك|فيما يلي|دعنا|لنحلل|لننظر)~|(?:הנה|להלן|בואו)~|שלום|שאלה (?:טובה|מצוינת)
สวัสดี(?:ครับ|ค่ะ)?|(?:นี่คือ|ต่อไปนี้)…(?=:)
"""
_TOPIC = (
    r"\b(?:analys[ie]s|answers?|breakdown|response|overview|closer look|take on|my (?:take|view)|thoughts?|perspective|"
    r"summary|list of|whys|explanation|(?:the|an?|of) (?:view|angle|lens)|findings|"
    r"your (?:problem|question|issue|situation))\b"
)
_AGREES = (
    r"(?:sure|certainly|of course|absolutely|okay|ok|alright|natürlich|gerne?|bien sûr|d'accord|claro|por supuesto|"
    r"certo|конечно|물론(?:입니다|이죠)?|네|もちろん(?:です)?|それでは|では|はい|当然|當然)[ ,.!:;–—、。，！-]*"
)
_ASKED = (
    r"(?:(?:the )?(?:problem|question|context|background|situation)|ご?(?:質問|相談)|問題|課題|背景|状況|前提|问题|"
    r"문제|질문|배경|상황) ?[:：][^\n]*(?:\n|$)"
)
_CHINESE_COURTESY = r"(?:好的|明白了?|收到|没问题|沒問題|您好|你好|(?:感谢|感謝|谢谢|謝謝)[^，。！!\n]{0,12})[，,。！!]"
_STARTS_WITH_SIGN = r"(?:[^\w\s¡(（「『\"“]{1,4} *)?"  # an emoji
_END = r" ?(?:[.!。！।：:]+(?=\s|$|[^\x00-\x7f])[\"”’»)]?|\n|$)"


def _compile(*tables: str) -> re.Pattern[str]:
    lines = "\n".join(tables).replace("\n    ", "").split("\n")
    sentences = "|".join(filter(None, lines)).replace("TOPIC", _TOPIC)
    sentences = sentences.replace("~", r"[^.!?:\n。！？：।]{0,160}").replace("…", r"[^.!?:\n。！？：।]{0,50}")
    said = f"{_STARTS_WITH_SIGN}(?:(?:{_AGREES})?(?:(?:{sentences}){_END}|{_ASKED})|{_CHINESE_COURTESY})\\s*"
    return re.compile(said.replace("'", "['’]"), re.IGNORECASE)


_PREAMBLE = _compile(_ENGLISH, _EUROPEAN, _JAPANESE, _CHINESE, _OTHERS)


def without_preamble(text: str) -> str:
    """A paragraph without what stands before it begins; empty if there is nothing else."""
    for _ in range(MOST_PREAMBLES):
        found = _PREAMBLE.match(text)
        if not found:
            break
        text = text[found.end() :]
    return text
