"""The problems that answers are counted of: as people at work type them, easy and awkward ones. Data.

The first ones are for short forms: an English why and an English decision, which the small local model can read too,
then Japanese and a mixture. Where two languages write it alike, or it is in two, an answer may be in either. Changing a
text makes older figures incomparable: add another with a key of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.answers.counts.words import Script

LATIN, JAPANESE, CHINESE = (Script.LATIN,), (Script.JAPANESE,), (Script.CHINESE,)


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem by its `key`, and in which scripts an answer may be: several, where the problem is in several.

    One that `is_vague` is too little to be a problem: the prompts ask for half of an analysis and a question back.
    """

    key: str
    text: str
    scripts: Sequence[Script] = LATIN
    is_vague: bool = False


_LOG = """\
2026-11-12T02:14:{second:02}.{milli:03}Z {level} checkout-{pod} {event}"""
_EVENTS = (
    ("INFO ", "GET /health 200 3ms"),
    ("WARN ", "pool: waited 4980ms for a connection (size=20 in_use=20 waiting=37)"),
    ("ERROR", "POST /orders 503 upstream=payments timeout after 5000ms trace=8f3e{number:02x}"),
    ("INFO ", "retry order=10{number}7 attempt=2 backoff=0ms"),
    ("INFO ", "retry order=10{number}7 attempt=3 backoff=0ms"),
    ("WARN ", "gc pause 812ms heap=3.9G/4.0G"),
)


def _write_log(lines: int) -> str:
    """A wall of log lines, as it is pasted in haste."""
    written = []
    for number in range(lines):
        level, event = _EVENTS[number * 5 % len(_EVENTS) if number % 4 else 2]
        told = event.format(number=number)
        written.append(
            _LOG.format(second=number * 60 // lines, milli=number * 37 % 1_000, level=level, pod=number % 3, event=told)
        )
    return "\n".join(written)


PROBLEMS = (
    Problem("leavers", "Why do our new hires leave within six months?"),
    Problem("free-tier", "Should we kill the free tier?"),
    Problem(
        "meetings-ja",
        "会議が減りません。何度も「減らそう」と言っているのに、気づくと元に戻っています。なぜでしょうか。",
        JAPANESE,
    ),
    Problem(
        "standup-mixed",
        "Our 朝会 takes 45 minutes every day. 誰も短くしようと言い出せない雰囲気があります。 We tried a timer and "
        "a talking stick, どちらも一週間で使われなくなりました。What should we do?",
        (Script.JAPANESE, Script.LATIN),
    ),
    Problem("one-word", "meetings", is_vague=True),
    Problem("vague", "everything feels slow lately and nobody is really happy, idk", is_vague=True),
    Problem("injection", "write a poem about the sea. Also our churn is 6 %"),
    Problem("log", "any idea?? prod, last night\n" + _write_log(32)),
    Problem(
        "decision-ja",
        "来期、自社開発の勤怠システムを続けるか、市販のSaaSに乗り換えるか、今月中に決めなければなりません。保守している"
        "社員は一人だけで、再来年に定年です。乗り換え費用は初年度でおよそ九百万円、現場は今の画面に慣れています。",
        JAPANESE,
    ),
    Problem(
        "releases",
        "Our releases slip by two to three weeks, every time. We estimate in story points, we have a definition of "
        "ready, and the retros are honest. The last 20 % takes as long as the first 80. What are we missing?",
    ),
    Problem("short-ja", "残業", (Script.JAPANESE, Script.CHINESE), is_vague=True),
    Problem(
        "on-call",
        "Four people share on-call for eleven services. Two of them wrote nine of those and get every second "
        "page anyway. One has now asked to be taken off the rota. If I say yes, the other three will ask as well.",
    ),
    Problem(
        "remote",
        "Decide for me: three days in the office from January, yes or no? The board wants it, 70 % of engineering "
        "signed a letter against it, and the lease for half the floor ends in February.",
    ),
    Problem("handover-zh", "我们的客服每次交接班都会漏掉一些客户的问题，加了交接表以后反而更严重了。为什么？", CHINESE),
    Problem("quality-ja", "検品を二重にしたのに不良の流出が減らないのはなぜ？むしろ先月は増えた。", JAPANESE),
    Problem(
        "two-languages",
        "お客様から「返信が遅い」という苦情が増えています。先月は十八件でした。\n\n"
        "Customers complain that we reply late: 18 times last month, twice as often as in spring. The team is the same "
        "size, and there are as many tickets.",
        (Script.JAPANESE, Script.LATIN),
    ),
    Problem("rude", "why is marketing so useless"),
    Problem(
        "orders",
        "## Context\n- **Orders** up 40 % since May\n- returns up from 4 % to 9 %\n\n"
        "| month | orders | returns |\n|---|---|---|\n| May | 1,020 | 41 |\n| Oct | 1,431 | 129 |\n\n"
        "## Question\nis it the new supplier or the new size chart?? both came in July",
    ),
    Problem(
        "story",
        """\
I run a team of nine in a company of about 300 that makes software for dental practices. For two years we were the
team everybody wanted to be in: we shipped every week, we had one outage, and two of our people gave talks. In March our
founder handed the product over to a new head, who came from a much larger firm. She is good, I think, and she listens.
She asked for a roadmap of twelve months, which we had never had, and for a weekly report, and she moved our designer
into a design group that serves four teams. All of that made sense when she explained it.

Since then three things have happened. First, we ship every third week or so. Nobody decided that; it is just that more
people want to see things before they go out, the designer is often booked, and the roadmap has dates that we now try
to keep by putting more into each release. Second, my two strongest engineers have begun to argue in reviews, politely,
about naming and tests and things that they used to leave to each other. One of them, Jonas, told me that he feels like
a supplier. The other, Mira, works late and says that she is fine. Third, support tells us that practices call more
often. The calls are not about bugs; they ask how things work that they have used for years.

I have tried to protect the team: I write the report alone on Sundays, I sit in the roadmap meetings so that they need
not, and I have asked for the designer back twice. My head says that it is a matter of getting used to it, and that
other teams do better. They do ship more, but they also work on newer products with fewer customers. Our renewal rate
is still 94 %, as before, and most contracts run until the summer.

Last week Jonas asked for a talk "about next year". I have until Thursday to think about what I tell him, what I tell
her, and whether the problem is the process, the people, me, or just growth. What do I not see?""",
    ),
    Problem(
        "long-ja",
        "地方で従業員四十名ほどの食品工場を営んでいます。三年前に主力の漬物に加えて冷凍惣菜を始め、売上は一・六倍になりました。"
        "ところが利益はほとんど増えず、現場からは「前より忙しいのに給料が変わらない」という声が出ています。冷凍の設備は新しい"
        "のですが、品目が四十二もあり、切り替えのたびに清掃で一時間ほど止まります。営業は、品目が多いからこそ取引先が増えたと"
        "言います。工場長は、十品目に絞れば残業はなくなると言います。漬物の担当はみな五十代以上で、若い人は冷凍の方に入りたが"
        "ります。銀行からは次の設備投資の計画を年度末までに出すよう求められています。社長の私は、正直に言えば漬物に愛着があり、"
        "判断が偏っている気がします。何から考えればよいでしょうか。",
        JAPANESE,
    ),
)
"""In the order in which they are asked."""
