// A developer's server in Node: it remembers what its handler gets, and answers as it was told.
'use strict';

const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const readline = require('readline');

const modules = process.argv[2];
const load = (name) => require(path.join(modules, name));

let got = [];
const replies = {};

/** The reply to a message, as it was told; null for none. */
function hears(message) {
  const { MsgType: kind, FromUserName: openid, ToUserName: account, MsgId: id } = message;
  const heard = { kind, openid, account };
  if (kind === 'event') Object.assign(heard, { event: message.Event, agent: message.KfAccount });
  else if (kind === 'image') Object.assign(heard, { id, picture: message.PicUrl, media_id: message.MediaId });
  else Object.assign(heard, { id, text: message.Content });
  got.push(heard);
  return replies[heard.text] ?? null;
}

/** A reply as both SDKs take it, except for those that hand the customer over. */
function made({ kind, content, media_id: mediaId, title, description, picture, url }) {
  switch (kind) {
    case 'text':
      return content;
    case 'news':
      return [{ title, description, picurl: picture, url }];
    case 'music':
      return { title, description, musicUrl: url, hqMusicUrl: url };
    case 'video':
      return { type: 'video', content: { title, description, mediaId } };
    default:
      return { type: kind, content: { mediaId } };
  }
}

const isTransfer = (reply) => reply.kind.startsWith('transfer');

const servers = {
  wechat: (config, port) => {
    const handle = load('wechat')(config, (request, response) => {
      const reply = hears(request.weixin);
      if (!reply) response.reply('');
      else if (isTransfer(reply)) response.transfer2CustomerService(reply.account);
      else response.reply(made(reply));
    });
    const failed = (response) => (error) => response.writeHead(500).end(String(error));
    http
      .createServer((request, response) => {
        request.query = Object.fromEntries(new URL(request.url, 'http://server').searchParams);
        handle(request, response, failed(response));
      })
      .listen(port, '127.0.0.1');
  },

  'co-wechat': (config, port) => {
    const app = new (load('koa'))();
    app.use(
      load('co-wechat')(config).middleware(async (message) => {
        const reply = hears(message);
        if (!reply) return '';
        return isTransfer(reply) ? { type: 'customerService', kfAccount: reply.account } : made(reply);
      }),
    );
    app.silent = true;
    app.listen(port, '127.0.0.1');
  },
};

const calls = {
  names: () => ['text', 'image', 'voice', 'video', 'music', 'news', 'transfer', 'transfer_to'],
  begin: ({ token, appid, key, port }) => {
    got = [];
    servers[process.argv[3]](key ? { token, appid, encodingAESKey: key } : token, port);
    return { serves: true };
  },
  answers: ({ word, reply }) => {
    replies[word] = reply;
    return null;
  },
  heard: () => got,
};

async function main() {
  const answers = fs.openSync(`/dev/fd/${process.env.KEFU_ANSWERS}`, 'w');
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const ask = JSON.parse(line);
    let answer;
    try {
      answer = { value: calls[ask.call](ask.with) };
    } catch (error) {
      answer = { error: { code: null, text: String(error.message || error), kind: error.name || typeof error } };
    }
    fs.writeSync(answers, JSON.stringify(answer) + os.EOL);
  }
}

main();
