"""Japanese, of the page and the API. Data."""

from bot.texts.web.words import Fault, Label, Words

JAPANESE = Words(
    faults={
        Fault.NOT_HTTP: "HTTPとして読めないか、ヘッダーが長すぎます。",
        Fault.NOT_JSON: "本文が UTF-8 の JSON ではありません。",
        Fault.UNAUTHORIZED: "サーバーのトークンが必要です（Authorization: Bearer のあとにトークン）。",
        Fault.FOREIGN_HOST: "サーバーはこの名前では応答しません。起動時に表示されたアドレスを使ってください。",
        Fault.FOREIGN_ORIGIN: "ほかのサイトのページからは、このサーバーを使えません。",
        Fault.NOT_FOUND: "このアドレスには何もありません。",
        Fault.NO_SUCH_METHOD: "このアドレスでは、そのメソッドを使えません。",
        Fault.UNKNOWN_RUN: (
            "この質問の記録はありません。記録が残るのは終わってから一時間で、サーバーが止まるとなくなります。"
        ),
        Fault.UNKNOWN_SIDE: "この質問に、その見方はありません。",
        Fault.TOO_SLOW: "本文が時間内に届きませんでした。",
        Fault.GOING_ON: "今ちょうど回答しているところです。終わったら、もう一度お試しください。",
        Fault.TOO_FEW: "まとめるには、少なくとも二つの回答がそろっている必要があります。",
        Fault.NOT_WHOLE: "さらに深く聞ける、そろった回答がありません。",
        Fault.TOO_LARGE: "本文が大きすぎます。受け付けられるのは {limit:,} バイトまでです。",
        Fault.NOT_DECLARED: "本文は JSON として送ってください（Content-Type: application/json）。",
        Fault.WRONG_SHAPE: "{field} の形が違います（{form}）。",
        Fault.BLANK: "問題がありません。言葉で書いてください。",
        Fault.TOO_LONG: "{length:,} 文字あります。受け付けられるのは {limit:,} 文字までです。",
        Fault.TOO_MANY_RUNS: (
            "一人が同時に質問できるのは {count} 件までで、今その数に達しています。一つ終わったら、"
            "もう一度お試しください。"
        ),
        Fault.TOO_MANY_WITHIN_THE_HOUR: (
            "一時間に質問できるのは一人 {limit} 回までで、その回数に達しています。あと {count} 分ほどで"
            "また質問できます。"
        ),
        Fault.TOO_MANY_FAILURES: "違うトークンが続いたので、あと {count} 秒お待ちください。",
        Fault.CROWDED: "今は質問が多すぎて手いっぱいです。数分待って、もう一度お試しください。",
        Fault.BROKEN: "サーバー自体に問題が起きました。もう一度お試しください。",
    },
    labels={
        Label.TITLE: "四つの見方",
        Label.LEAD: "一つの問題を四つの面から同時に見ます。四つの回答は並んで伸びていきます。",
        Label.FIELD: "問題",
        Label.HINT: "何が、いつから、誰にとって問題で、何を試したか。詳しいほど役に立つ回答になります。",
        Label.EXAMPLE: "なぜ新しく入った人は半年以内に辞めてしまうのか？",
        Label.START: "始める",
        Label.STOP: "停止",
        Label.LANGUAGE: "English",
        Label.SUMMARY: "要するに",
        Label.ORIGIN: "書かれた言葉だけから、モデルが答えています。どの回答も、確かめ方で終わります。",
        Label.ANSWERS: "回答",
        Label.TOGETHER: "まとめる",
        Label.DEEPER: "さらに深く",
        Label.DEEPER_FIELD: "「{name}」への質問、または補足",
        Label.DEEPER_HINT: "空のままなら、回答のいちばん弱い点を掘り下げます。",
        Label.FOLLOW_UP: "続き",
        Label.ASK: "質問する",
        Label.CANCEL: "キャンセル",
        Label.COPY: "Markdown でコピー",
        Label.COPIED: "コピーしました。",
        Label.NOT_COPIED: "ブラウザーがコピーを許していません。ダウンロードしてください。",
        Label.DOWNLOAD: "ダウンロード",
        Label.AGAIN: "もう一度質問する",
        Label.WAITING: "待機中",
        Label.THINKING: "考えています",
        Label.WRITING: "書いています",
        Label.DONE: "完了",
        Label.FAILED: "失敗",
        Label.CUT: "途中まで",
        Label.STOPPED: "停止しました",
        Label.INTERRUPTED: "中断",
        Label.SECONDS: "{seconds} 秒",
        Label.BEGUN: "回答が始まります。",
        Label.ENDED: "{name}：{state}。",
        Label.ALL_ENDED: "すべての回答が終わりました。",
        Label.RECONNECTING: "接続が切れました。続きを探しています。",
        Label.LOST: "サーバーにこの質問の記録がもうありません。サーバーが再起動したか、時間がたっています。",
        Label.UNREACHABLE: "サーバーに接続できません。動いていますか。",
        Label.EMPTY: "まず問題を書いてください。",
        Label.SIGN_IN: "サインイン",
        Label.TOKEN: "サーバーのトークン",
        Label.TOKEN_HINT: "サーバーの管理者が WEB_TOKEN に設定しています。",
        Label.WRONG_TOKEN: "トークンが違います。",
    },
)
