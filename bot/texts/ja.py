"""Japanese. Data."""

from collections.abc import Mapping

from bot.engine.draft import State
from bot.engine.reasons import Code
from bot.texts.language import Language, Plural, Side
from bot.texts.phrases import Phrase

_SIDES: Mapping[str, Side] = {
    "Depth": Side("深さ", "なぜを九回", "「なぜ」を九回くり返します"),
    "Breadth": Side("広さ", "別のやり方と見方", "別のやり方と見方を探します"),
    "Structure": Side("構造", "原因・要因とてこ", "原因の関係と、てこになる一点を示します"),
    "Time": Side("時間", "経緯とこれから", "経緯とこれから、動く時期を示します"),
    "Together": Side("まとめ", "四つの面から言えること"),
}

_AGAIN = "もう一度お試しください。"
_AGAIN_SOON = "少し待って、もう一度お試しください。"
_AGAIN_LATER = "時間をおいて、もう一度お試しください。"

_UNREACHED: Mapping[Code, str] = {
    Code.CERTIFICATE: "{host} の証明書が信頼されていません{detail}",
    Code.NOT_TLS: "{host} はそのポートで https を受け付けていません",
    Code.HANDSHAKE: "{host} と TLS 接続の条件が合いません{detail}",
    Code.NOT_HTTP: "{host} の応答が HTTP ではありません",
    Code.NO_SUCH_HOST: "{host} という名前のホストがありません",
    Code.NO_SUCH_PROXY: "{host} への途中のプロキシがありません（その名前のホストが見つかりません）",
}
_UNREACHED_FOR_NOW: Mapping[Code, str] = {
    Code.NO_NAME_SERVICE: "{host} の名前を今は引けません（DNS）",
    Code.REFUSED: "{host} で待ち受けているものがありません",
    Code.NO_ROUTE: "{host} への経路がありません",
    Code.PROXY_AWAY: "{host} への途中のプロキシに届かないか、プロキシの先に届きません",
}

_REASONS: Mapping[Code, tuple[str, str]] = {
    Code.QUEUED: ("今は質問が多いので、順番を待っています", ""),
    Code.RESUMED: ("中断されたので、はじめからやり直します", ""),
    Code.CONNECTION_LOST: ("モデルとの接続が切れたので、はじめからやり直します", ""),
    Code.FELL_SILENT: ("モデルからの応答が途絶えたので、はじめからやり直します", ""),
    Code.RETRYING: ("{cause}。{seconds} 秒後にやり直します", ""),
    Code.NO_QUOTA: (
        "モデル提供元のアカウントの残高か利用枠がなくなりました",
        "プランと支払い、OPENAI_API_KEY がそのアカウントのものか、{check}。",
    ),
    Code.PROBLEM_TOO_LONG: ("問題がモデルには長すぎます", "短くして、もう一度お試しください。"),
    Code.PROBLEM_FILTERED: ("提供元のコンテンツフィルターが問題を拒否しました", "別の言葉で書いてみてください。"),
    Code.BAD_KEY: ("モデル提供元がキーを拒否しました", "OPENAI_API_KEY を{check}。"),
    Code.NO_MODEL: ("このキーで使えるモデル「{model}」がありません", "OPENAI_MODEL を{check}。"),
    Code.UNVERIFIED: (
        "提供元は、確認済みの組織にだけモデル「{model}」をストリーミングします",
        "OPENAI_API_KEY の組織が確認済みか、または別の OPENAI_MODEL を使えるか、{check}。",
    ),
    Code.NO_SYSTEM_ROLE: (
        "モデル「{model}」は、問題のほかに指示（system ロール）を受け付けません",
        "OPENAI_MODEL を{check}。",
    ),
    Code.BAD_REGION: (
        "モデル提供元は、このボットのある地域からは使えません",
        "OPENAI_BASE_URL とボットの動いている場所を{check}。",
    ),
    Code.BAD_ADDRESS: (
        "モデルのアドレスから返ってきたのは、モデルの API の応答ではありません",
        "OPENAI_BASE_URL（末尾は /v1 か）を{check}。",
    ),
    Code.REDIRECTED: (
        "モデルのアドレスが別の場所へ転送しています（{status}）。転送先には何も送りません",
        "OPENAI_BASE_URL（https か、転送先のアドレスか）を{check}。",
    ),
    Code.FORBIDDEN: (
        "このキーではモデル「{model}」を使えません",
        "OPENAI_API_KEY と OPENAI_MODEL を{check}。",
    ),
    Code.NOT_FOUND: ("そこにはモデル「{model}」がありません", "OPENAI_MODEL と OPENAI_BASE_URL を{check}。"),
    Code.TOO_MANY_REQUESTS: ("モデル提供元が今は混み合っています", "一分ほど待って、もう一度お試しください。"),
    Code.OVERLOADED: ("モデル提供元が今は処理しきれないほど混み合っています（{status}）", _AGAIN_LATER),
    Code.SERVER_FAILED: ("モデル提供元で障害が起きています（{status}）", _AGAIN_LATER),
    Code.REQUEST_REFUSED: ("モデル提供元がリクエストを拒否しました（{status}）", "OPENAI_MODEL を{check}。"),
    **{code: (f"モデルに接続できません。{cause}", "OPENAI_BASE_URL を{check}。") for code, cause in _UNREACHED.items()},
    Code.PROXY_REFUSED: (
        "モデルに接続できません。{host} への途中のプロキシが通してくれません{detail}",
        "OPENAI_BASE_URL を{check}。",
    ),
    **{
        code: (f"モデルに接続できません。{cause}", f"{_AGAIN_SOON}続くようなら OPENAI_BASE_URL の確認が必要です。")
        for code, cause in _UNREACHED_FOR_NOW.items()
    },
    Code.SILENT: ("モデルから {seconds:.0f} 秒間応答がありませんでした", _AGAIN),
    Code.BROKEN: ("モデルとの接続が切れました", _AGAIN_SOON),
    Code.REPORTED: ("回答の途中でモデル提供元がエラーを返しました", _AGAIN),
    Code.NONSENSE: ("モデル提供元から意味をなさないデータが届きました", _AGAIN),
    Code.OVERSIZED: ("モデル提供元から、異常に大量のデータが届きました", _AGAIN),
    Code.ENDLESS: ("モデルの回答が {minutes} 分たっても終わりませんでした", _AGAIN),
    Code.CUT_HERE: ("{characters:,} 文字を超えて続いたので、ここまでを示します", ""),
    Code.CUT: ("モデルの回答が長さの上限に達しました", ""),
    Code.CUT_THINKING: ("モデルが考えている間に、回答の長さの上限に達しました", ""),
    Code.ANSWER_FILTERED: ("提供元のコンテンツフィルターが残りを差し止めました", "別の言葉で書いてみてください。"),
    Code.DECLINED: ("モデルが回答を断りました", "別の言葉で書くと、答えることがあります。"),
    Code.WANTS_TOOL: ("モデルがツールを使おうとしましたが、ここにはありません", _AGAIN),
    Code.UNKNOWN_END: ("モデル提供元が、回答が完了したと示さないまま終了しました", _AGAIN),
    Code.ONLY_THOUGHTS: ("モデルは考えただけで、回答しませんでした", _AGAIN),
    Code.EMPTY: ("モデルの回答が空でした", _AGAIN),
    Code.UNFINISHED: ("回答が終わる前に、モデルとの接続が切れました", _AGAIN),
    Code.FAILED_AGAIN: ("{cause}。やり直しましたが、ここまでです", "{advice}"),
    Code.FAILED_AGAIN_EMPTY: ("{cause}。やり直しましたが、何も届きませんでした", "{advice}"),
    Code.POST_UNANSWERED: ("投稿したとき、Slack から応答がありませんでした", _AGAIN),
    Code.POST_REFUSED: ("Slack が受け付けませんでした", _AGAIN),
    Code.REPLY_DELETED: ("この返信は誰かに削除されました", ""),
    Code.STOPPED_BY: ("誰かが停止しました", ""),
    Code.BOT_RESTARTS: ("ボットを再起動しています。まもなく続きを始めます", ""),
    Code.BOT_STOPPED: ("ボットが停止されました", _AGAIN),
    Code.BOT_BROKEN: ("ボット自体に問題が起きました", _AGAIN),
    Code.BOT_AWAY: ("ボットが長い間止まっていました", _AGAIN),
    Code.TOLD: ("{words}", ""),
}

_STATES = {
    State.WAITING: "待機中",
    State.THINKING: "考え中",
    State.WRITING: "執筆中",
    State.DONE: "完了",
    State.FAILED: "失敗",
    State.CUT: "途中まで",
    State.STOPPED: "停止",
    State.INTERRUPTED: "中断",
}

_BACK = "問題の文章をお返しします。"
_TO_BE_SHORTENED = "まだ何も始めていません。文章をお返しするので、短くして送り直してください。"

_PHRASES: Mapping[Phrase, str | Plural] = {
    Phrase.ASKS: "{user} さんの問題を四つの面から見ます：",
    Phrase.ASKS_WHAT: "{user} さんの問題：{problem}",
    Phrase.PERSPECTIVES_ON: "{user} さんの問題への見方がそろいました：{problem}",
    Phrase.ORIGIN: "この文章だけをもとにモデルが書きました。確かめ方は各回答の最後にあります。",
    Phrase.WAITING: "待機中…",
    Phrase.WAITING_FOR: "待機中：{reason}",
    Phrase.THINKING: "考え中…",
    Phrase.WRITING: "執筆中…",
    Phrase.WRITING_AGAIN: "執筆中：{reason}",
    Phrase.WRITING_SLOWLY: "執筆中（質問が多く、Slack の制限で約 {seconds:.0f} 秒ごとに更新します）",
    Phrase.DONE: "{seconds:.0f} 秒で完了（{model}）",
    Phrase.FAILED: "失敗：{reason}",
    Phrase.CUT: "途中まで：{reason}",
    Phrase.STOPPED: "停止しました",
    Phrase.INTERRUPTED: "中断：{reason}",
    Phrase.STOPPED_EARLY: "（途中まで）",
    Phrase.CONTINUED: "続き（{number}）",
    Phrase.GOES_ON_BELOW: "下に続きます",
    Phrase.PAGE: "{number} ページ目",
    Phrase.ENDS_ABOVE: "やり直した回答は、上で終わっています",
    Phrase.SAYS: "{name}：{words}",
    Phrase.NAME_GOES_ON_BELOW: "{name}：下に続きます",
    Phrase.NAME_ENDS_ABOVE: "{name}：上で終わっています",
    Phrase.NOT_SHOWN: "この文章は Slack に表示を拒否されました。",
    Phrase.REST_NOT_SHOWN: "この文章の残りは Slack に表示を拒否されました。",
    Phrase.FOLLOW_UP: "{user} さんからの追加：{words}",
    Phrase.WEAKEST: "{user} さんからの追加：いちばん弱い点を掘り下げ",
    Phrase.STOPPED_BY: "{user} さんが停止しました",
    Phrase.THREAD_UNREAD: "このスレッドのこれまでのやりとりは読めませんでした。",
    Phrase.STOP: "停止",
    Phrase.STOP_LABEL: "停止：{name}",
    Phrase.AGAIN: "やり直す",
    Phrase.AGAIN_LABEL: "やり直す：{name}",
    Phrase.DEEPER: "さらに深く",
    Phrase.DEEPER_LABEL: "さらに深く：{name}",
    Phrase.TOGETHER: "まとめる",
    Phrase.TOGETHER_LABEL: "まとめる：{name}",
    Phrase.GOOD: "役に立った",
    Phrase.BAD: "役に立たなかった",
    Phrase.IS_GOING_ON: "今ちょうど回答しているところです。",
    Phrase.TOO_FEW: "まとめるには、少なくとも二つの回答がそろっている必要があります。",
    Phrase.TOO_OFTEN: "{reason}まだ何も始めていません。",
    Phrase.STORE_AWAY: "今は記録を確かめられません。一分ほど待って、もう一度押してください。",
    Phrase.HINT: (
        "問題を書いてください。{number}つの面から同時に見ます。{example} と入力するか、問題を添えて私をメンションして"
        "ください。{sides}。"
    ),
    Phrase.SIDE: "{name}は{does}",
    Phrase.SIDES: "{first}。{other}",
    Phrase.EXAMPLE: "/perspectives なぜリリースは毎月遅れるのか？",
    Phrase.TOO_MANY_CHARACTERS: (
        f"問題が {{length:,}} 文字あります。受け付けられるのは {{limit:,}} 文字までです。{_TO_BE_SHORTENED}"
    ),
    Phrase.TOO_LONG_FOR_SLACK: (
        f"問題が Slack の一つのメッセージには長すぎます（文字によっては数文字分に数えられます）。{_TO_BE_SHORTENED}"
    ),
    Phrase.IN_LINE: (
        "このワークスペースで同時に考えられる数に達しています。あなたの問題は順番待ちの {count} 番目で、順番が来ると"
        "自動的に始まります。"
    ),
    Phrase.TOO_MANY_RUNS: (
        "一人が同時に質問できるのは {count} 件までで、今その数に達しています。一つ終わったら、もう一度お試しください。"
    ),
    Phrase.TOO_MANY_WITHIN_THE_HOUR: (
        "一時間に質問できるのは一人 {limit} 回までで、その回数に達しています。あと {count} 分ほどでまた質問できます。"
    ),
    Phrase.CROWDED: "今は質問が多すぎて手いっぱいです。数分待って、もう一度お試しください。",
    Phrase.GIVEN_BACK: f"{{reason}}まだ何も始めていません。{_BACK}",
    Phrase.WITH_PROBLEM: f"{{words}}{_BACK}",
    Phrase.INTERRUPTED_PRESS: "中断されたため、押された操作は終わっていません。続けるには、もう一度押してください。",
    Phrase.BROKEN_PRESS: "ボット自体に問題が起きて止まりました。続けるには、もう一度押してください。",
    Phrase.INTERRUPTED_RUN: "中断されました。もう一度質問するには、次の文章を送り直してください。",
    Phrase.NOT_ALL_SHOWN: (
        "中断されたため、{names}を表示できません。もう一度質問するには、次の文章を送り直してください。"
    ),
    Phrase.BOTH: "{first}と{other}",
    Phrase.SLACK_REFUSES: "Slack がスレッドの作成を拒否しました（{code}）。",
    Phrase.NOT_A_MEMBER: (
        "私はこのチャンネル（{channel}）のメンバーではないので、スレッドを開けません。{command} のあとに @ と私の名前を"
        "付けて招待し、もう一度質問してください。"
    ),
    Phrase.ARCHIVED: "このチャンネル（{channel}）はアーカイブされていて、もう誰も書き込めません。",
    Phrase.MESSAGE_GONE: "答えるはずだったメッセージがなくなったので、止めました。",
    Phrase.NO_THREADS: (
        "私はスレッドで答えますが、このチャンネル（{channel}）ではスレッドが使えません。別のチャンネルで質問して"
        "ください。"
    ),
    Phrase.NO_ANSWERS_THERE: (
        "そのメッセージには誰も返信できません。チャンネルか別のメッセージの下で質問してください。"
    ),
    Phrase.THREADS_ONLY: (
        "このチャンネル（{channel}）ではスレッドにしか書き込めません。どれかのスレッドで私をメンションしてください。"
    ),
    Phrase.NO_DIRECT_MESSAGES: "私へのダイレクトメッセージは無効になっています。チャンネルで質問してください。",
    Phrase.RESTRICTED: ("このチャンネル（{channel}）には一部の人しか書き込めず、私はその中に入っていません。"),
    Phrase.PROBLEM_CONTINUED: "問題の続き",
    Phrase.BROKEN_RUN: "ボット自体に問題が起きて止まりました。もう一度質問するには、次の文章を送り直してください。",
    Phrase.FORM_TITLE: "四つの見方",
    Phrase.FORM_SUBMIT: "質問する",
    Phrase.FORM_CLOSE: "キャンセル",
    Phrase.FORM_LABEL: "問題",
    Phrase.FORM_HINT: "何が、いつから、誰にとって問題で、何を試したか。詳しいほど役に立つ回答になります。",
    Phrase.FORM_CUT: "メッセージがこの欄に入りきらないので、はじめの部分だけを入れました。",
    Phrase.FORM_EMPTY: "問題を書いてください。",
    Phrase.FORM_TOO_LONG: "{length:,} 文字あります。{limit:,} 文字以内に短くしてください。",
    Phrase.FORM_TOO_LONG_FOR_SLACK: (
        "Slack の一つのメッセージには長すぎます（文字によっては数文字分に数えられます）。短くしてください。"
    ),
    Phrase.DEEPER_TITLE: "さらに深く",
    Phrase.DEEPER_ASK: "「{name}」への質問、または補足",
    Phrase.DEEPER_HINT: "空のままなら、回答のいちばん弱い点を掘り下げます。",
    Phrase.OTHER_VERSION: (
        "このボタンは別のバージョンのもので、何をするボタンか分かりません。何も行いませんでした。続けるには、もう一度"
        "質問してください。"
    ),
    Phrase.UNKNOWN_RUN: (
        "このスレッドの記録はもう残っていないので、ボタンは使えません。続けるには、もう一度質問してください。"
    ),
    Phrase.ALREADY_STOPPED: "すでに終わっているので、止めるものがありません。",
    Phrase.ALREADY_DRAWN: "今の回答はすでにまとめたか、まとめている途中です。このスレッドをご覧ください。",
    Phrase.NOTHING_TO_TRY_AGAIN: "やり直すものがありません。回答はそろっているか、すでにやり直しています。",
    Phrase.NOT_A_MEMBER_ANY_MORE: (
        "私はもうこのチャンネル（{channel}）のメンバーではないので、ここでは答えられません。{command} のあとに @ と私の"
        "名前を付けて招待し、もう一度押してください。"
    ),
    Phrase.NO_FORM: "Slack がフォームを開けませんでした。もう一度押してください。",
    Phrase.NOT_INSTALLED: (
        "私はこのワークスペースにインストールされていないか、削除されています。アプリの管理者にもう一度インストール"
        "してもらってください。"
    ),
    Phrase.NO_FORM_OF_MESSAGE: (
        "Slack がフォームを開けませんでした。もう一度選ぶか、メッセージへの返信で私をメンションしてください。"
    ),
}

JAPANESE = Language(
    key="ja",
    with_advice="{cause}。{advice}",
    without_advice="{cause}。",
    ask_the_owner="確認するよう、このボットの管理者に伝えてください",
    check="確認してください",
    sides=_SIDES,
    reasons=_REASONS,
    states=_STATES,
    phrases=_PHRASES,
    numbers=("〇", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"),
)
