// Server-sent events out of a byte stream (HTML Living Standard, 9.2.6), as much as the service sends. Pure.

/** @typedef {{type: string, id: string | null, data: string}} Sent */

export class SseParser {
  #rest = "";
  #decoder = new TextDecoder();

  /** @param {Uint8Array} bytes @returns {Sent[]} what is whole by now */
  push(bytes) {
    this.#rest = (this.#rest + this.#decoder.decode(bytes, { stream: true })).replaceAll("\r\n", "\n");
    const blocks = this.#rest.split("\n\n");
    this.#rest = blocks.pop() ?? "";
    return blocks.map(parsed).filter((one) => one !== null);
  }
}

/** @param {string} block @returns {Sent | null} null: a comment */
function parsed(block) {
  const sent = { type: "message", id: /** @type {string | null} */ (null), data: /** @type {string[]} */ ([]) };
  for (const line of block.split("\n")) {
    const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (name === "event") sent.type = value;
    else if (name === "id") sent.id = value;
    else if (name === "data") sent.data.push(value);
  }
  return sent.data.length ? { type: sent.type, id: sent.id, data: sent.data.join("\n") } : null;
}
