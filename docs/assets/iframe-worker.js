// The search works in a Worker, which browsers do not begin for pages that are opened as files. There, a hidden frame runs the
// same script, and messages are passed on. (mkdocs-material would fetch such a script from the internet.)
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.srcdoc = `<script>postMessage = (data) => parent.postMessage(data, "*")</script><script src="${url}"></script>`;
      this.ready = new Promise((done) => frame.addEventListener("load", done));
      this.frame = frame;
      const add = () => document.body.append(frame);
      if (document.body) add();
      else document.addEventListener("DOMContentLoaded", add);
      window.addEventListener("message", (event) => {
        if (event.source === frame.contentWindow) this.dispatchEvent(new MessageEvent("message", { data: event.data }));
      });
    }

    postMessage(data) {
      this.ready.then(() => this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data })));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
