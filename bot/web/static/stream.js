// The API, as the page asks it: JSON out, server-sent events in. EventSource would do for neither a body nor an error.

export class Refused extends Error {
  constructor(status, code, words) {
    super(words);
    this.status = status;
    this.code = code;
  }
}

/** Ask, and give the events as [name, data]; they end with the connection, whether or not the run has ended. */
export async function* events(path, { body, signal } = {}) {
  const response = await send(path, body, signal, "text/event-stream");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const event = read(block);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Ask for something that has a short answer, or none but that it was done. */
export async function tell(path, body = {}) {
  return send(path, body);
}

async function send(path, body, signal, accept = "application/json") {
  const response = await fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers: { Accept: accept, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
    cache: "no-store",
  });
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({ error: { code: "unknown", words: String(response.status) } }));
  throw new Refused(response.status, error.code, error.words);
}

function read(block) {
  let name = "";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data = line.slice(6);
  }
  return name && data ? [name, JSON.parse(data)] : null;
}
