// A developer's server.
import { createServer } from "node:http";

/** Starts a server that answers pushes by `answer`, which gets the body of the push; it ends with the test. */
export async function receiver(t, answer) {
  const pushes = [];
  const state = { answer };
  const server = createServer(async (request, response) => {
    const query = new URL(request.url, "http://localhost").searchParams;
    let body = "";
    for await (const part of request) body += part;
    if (request.method === "GET") return response.end(query.get("echostr"));
    pushes.push(body);
    const { status = 200, text = "success" } = state.answer(body);
    response.writeHead(status).end(text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${server.address().port}/wx`,
    pushes,
    /** Answers by another function from now on. */
    answers: (next) => (state.answer = next),
  };
}

const element = (body, name) => new RegExp(`<${name}>(?:<!\\[CDATA\\[)?(.*?)(?:\\]\\]>)?</${name}>`).exec(body)?.[1];

const answered = (body, elements) =>
  `<xml><ToUserName>${element(body, "FromUserName")}</ToUserName>` +
  `<FromUserName>${element(body, "ToUserName")}</FromUserName><CreateTime>1</CreateTime>${elements}</xml>`;

/** A reply with a text to a push. */
export const reply = (body, text) =>
  answered(body, `<MsgType>text</MsgType><Content><![CDATA[${text}]]></Content>`);

/** A reply that hands the customer over to the desk. */
export const transfer = (body) => answered(body, "<MsgType>transfer_customer_service</MsgType>");
