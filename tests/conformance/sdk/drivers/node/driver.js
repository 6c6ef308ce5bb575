// Drives one of the Node SDKs: calls come in as lines of JSON, and what its user would get goes out so.
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');
const readline = require('readline');

const modules = process.env.KEFU_MODULES;
const load = (name) => require(path.join(modules, name));
const hash = (bytes) => ({ sha256: crypto.createHash('sha256').update(bytes).digest('hex') });

/** What a function answers that takes (error, value) last. */
const called = (act) => new Promise((done, fail) => act((error, value) => (error ? fail(error) : done(value))));

/** What node-weixin calls back with: true and a message where HTTP failed, else false and the answer. */
const weixin = (act) =>
  new Promise((done, fail) => act((failed, body) => (failed ? fail(new Error(JSON.stringify(body))) : done(body))));

const music = (thumb) => ({
  title: '标题',
  description: '说明',
  musicurl: 'https://a.example/1',
  hqmusicurl: 'https://a.example/2',
  thumb_media_id: thumb,
});

const sdks = {
  'wechat-api': (appid, secret) => {
    const api = new (load('wechat-api'))(appid, secret);
    const call = (name, ...given) => called((back) => api[name](...given, back));
    return {
      token: () => call('getAccessToken'),
      add: ({ account, nickname }) => call('addKfAccount', account, nickname, 'password'),
      update: ({ account, nickname }) => call('updateKfAccount', account, nickname, 'password'),
      delete: ({ account }) => call('deleteKfAccount', account),
      list: () => call('getCustomServiceList'),
      online: () => call('getOnlineCustomServiceList'),
      headimg: ({ account, file }) => call('setKfAccountAvatar', account, file),
      create: ({ account, openid }) => call('createKfSession', account, openid),
      close: ({ account, openid }) => call('closeKfSession', account, openid),
      session: ({ openid }) => call('getKfSession', openid),
      sessions: ({ account }) => call('getKfSessionList', account),
      waiting: () => call('getKfSessionWaitCase'),
      records: ({ begin, end, msgid, number }) => call('getRecords', { starttime: begin, endtime: end, msgid, number }),
      upload: ({ kind, file }) => call('uploadMedia', file, kind),
      download: async ({ media_id }) => {
        const got = await call('getMedia', media_id);
        return Buffer.isBuffer(got) ? hash(got) : got;
      },
      clear_quota: () => call('clearQuota', appid),
      callback_ips: () => call('getIp'),
      text: ({ openid, content }) => call('sendText', openid, content),
      text_from: ({ openid, content, account }) => call('sendTextFromCs', openid, account, content),
      image: ({ openid, media_id }) => call('sendImage', openid, media_id),
      voice: ({ openid, media_id }) => call('sendVoice', openid, media_id),
      video: ({ openid, media_id, thumb }) => call('sendVideo', openid, media_id, thumb),
      music: ({ openid, thumb }) => call('sendMusic', openid, music(thumb)),
      news: ({ openid, article }) => call('sendNews', openid, [article]),
      mpnews: ({ openid, media_id }) => call('sendMpNews', openid, media_id),
      card: ({ openid, card_id }) => call('sendCard', openid, { card_id }),
    };
  },

  'co-wechat-api': (appid, secret) => {
    const api = new (load('co-wechat-api'))(appid, secret);
    return {
      token: () => api.getAccessToken(),
      add: ({ account, nickname }) => api.addKfAccount(account, nickname),
      update: ({ account, nickname }) => api.updateKfAccount(account, nickname),
      delete: ({ account }) => api.deleteKfAccount(account),
      invite: ({ account, person }) => api.inviteworker(account, person),
      list: () => api.getCustomServiceList(),
      online: () => api.getOnlineCustomServiceList(),
      headimg: ({ account, file }) => api.setKfAccountAvatar(account, file),
      callback_ips: () => api.getIp(),
      create: ({ account, openid }) => api.createKfSession(account, openid),
      old_records: ({ begin, end, page, size }) =>
        api.getRecords({ starttime: begin, endtime: end, pageindex: page, pagesize: size }),
      upload: ({ kind, file }) => api.uploadMedia(file, kind),
      download: async ({ media_id }) => {
        const got = await api.getMedia(media_id);
        return Buffer.isBuffer(got) ? hash(got) : got;
      },
      text: ({ openid, content }) => api.sendText(openid, content),
      image: ({ openid, media_id }) => api.sendImage(openid, media_id),
      voice: ({ openid, media_id }) => api.sendVoice(openid, media_id),
      video: ({ openid, media_id, thumb }) => api.sendVideo(openid, media_id, thumb),
      music: ({ openid, thumb }) => api.sendMusic(openid, music(thumb)),
      news: ({ openid, article }) => api.sendNews(openid, [article]),
      mpnews: ({ openid, media_id }) => api.sendMpNews(openid, media_id),
      card: ({ openid, card_id }) => api.sendCard(openid, card_id),
      page: ({ openid, page }) => api.sendMiniProgram(openid, page),
    };
  },

  // A client for any path: its users take the paths from Weixin's pages.
  'node-easywechat': (app_id, secret) => {
    const { OfficialAccount } = load('node-easywechat');
    const make = (stable) =>
      new OfficialAccount({
        app_id,
        secret,
        use_stable_access_token: stable,
        file_cache: { path: fs.mkdtempSync(path.join(process.env.KEFU_FOLDER, 'easywechat-')), fileMode: 0o600 },
      });
    const [app, stable] = [make(false), make(true)];
    const get = async (path, params = {}) => (await app.getClient().get(path, { params })).toObject();
    const post = async (path, body) => (await app.getClient().postJson(path, body)).toObject();
    const file = async (path, media, params) =>
      (await app.getClient().withFile(media, 'media').post(path, { params })).toObject();
    const send = (touser, msgtype, body, more = {}) =>
      post('/cgi-bin/message/custom/send', { touser, msgtype, [msgtype]: body, ...more });
    const kf = '/customservice/';
    return {
      token: () => app.getAccessToken().refresh(),
      stable_token: () => stable.getAccessToken().refresh(),
      add: ({ account, nickname }) => post(kf + 'kfaccount/add', { kf_account: account, nickname }),
      update: ({ account, nickname }) => post(kf + 'kfaccount/update', { kf_account: account, nickname }),
      delete: ({ account }) => get(kf + 'kfaccount/del', { kf_account: account }),
      invite: ({ account, person }) => post(kf + 'kfaccount/inviteworker', { kf_account: account, invite_wx: person }),
      list: () => get('/cgi-bin/customservice/getkflist'),
      online: () => get('/cgi-bin/customservice/getonlinekflist'),
      headimg: ({ account, file: media }) => file(kf + 'kfaccount/uploadheadimg', media, { kf_account: account }),
      set_admin: ({ account }) => get(kf + 'kfaccount/setadmin', { kf_account: account }),
      cancel_admin: ({ account }) => get(kf + 'kfaccount/canceladmin', { kf_account: account }),
      create: ({ account, openid }) => post(kf + 'kfsession/create', { kf_account: account, openid }),
      close: ({ account, openid }) => post(kf + 'kfsession/close', { kf_account: account, openid }),
      session: ({ openid }) => get(kf + 'kfsession/getsession', { openid }),
      sessions: ({ account }) => get(kf + 'kfsession/getsessionlist', { kf_account: account }),
      waiting: () => get(kf + 'kfsession/getwaitcase'),
      records: ({ begin, end, msgid, number }) =>
        post(kf + 'msgrecord/getmsglist', { starttime: begin, endtime: end, msgid, number }),
      old_records: ({ begin, end, page, size }) =>
        post(kf + 'msgrecord/getrecord', { starttime: begin, endtime: end, pageindex: page, pagesize: size }),
      upload: ({ kind, file: media }) => file('/cgi-bin/media/upload', media, { type: kind }),
      download: async ({ media_id }) => {
        const params = { media_id };
        const got = await app.getClient().get('/cgi-bin/media/get', { params, responseType: 'arraybuffer' });
        return got.is('json') ? JSON.parse(Buffer.from(got.getContent())) : hash(got.getContent());
      },
      clear_quota: () => post('/cgi-bin/clear_quota', { appid: app_id }),
      callback_ips: () => get('/cgi-bin/getcallbackip'),
      check_network: () => post('/cgi-bin/callback/check', { action: 'all', check_operator: 'DEFAULT' }),
      clear_quota_by_secret: () => post('/cgi-bin/clear_quota/v2', { appid: app_id, appsecret: secret }),
      quota: ({ path }) => post('/cgi-bin/openapi/quota/get', { cgi_path: path }),
      clear_one_quota: ({ path }) => post('/cgi-bin/openapi/quota/clear', { cgi_path: path }),
      rid: ({ rid }) => post('/cgi-bin/openapi/rid/get', { rid }),
      typing: ({ openid, on }) =>
        post('/cgi-bin/message/custom/typing', { touser: openid, command: on ? 'Typing' : 'CancelTyping' }),
      business_typing: ({ openid }) =>
        post('/cgi-bin/message/custom/business/typing', { touser: openid, command: 'Typing' }),
      link: ({ openid, article: { title, description, url, picurl } }) =>
        send(openid, 'link', { title, description, url, thumb_url: picurl }),
      text: ({ openid, content }) => send(openid, 'text', { content }),
      text_from: ({ openid, content, account }) =>
        send(openid, 'text', { content }, { customservice: { kf_account: account } }),
      image: ({ openid, media_id }) => send(openid, 'image', { media_id }),
      voice: ({ openid, media_id }) => send(openid, 'voice', { media_id }),
      video: ({ openid, media_id, thumb }) => send(openid, 'video', { media_id, thumb_media_id: thumb }),
      music: ({ openid, thumb }) => send(openid, 'music', music(thumb)),
      news: ({ openid, article }) => send(openid, 'news', { articles: [article] }),
      mpnews: ({ openid, media_id }) => send(openid, 'mpnews', { media_id }),
      menu: ({ openid, menu }) => send(openid, 'msgmenu', menu),
      page: ({ openid, page }) => send(openid, 'miniprogrampage', page),
      card: ({ openid, card_id }) => send(openid, 'wxcard', { card_id }),
    };
  },

  'node-weixin-api': (id, secret) => {
    const api = load('node-weixin-api');
    // Its users bring the place where tokens are kept.
    const kept = {};
    const settings = {
      get: (app, key, back) => back((kept[app] || {})[key]),
      set: (app, key, value, back) => {
        kept[app] = { ...kept[app], [key]: value };
        back();
      },
    };
    const app = { id, secret, token: 'token' };
    const { account, api: message } = api.message.service;
    const call = (act, ...given) => weixin((back) => act(settings, app, ...given, back));
    return {
      token: () => weixin((back) => api.auth.tokenize(settings, app, back)),
      add: (to) => call(account.add, to.account, 'password', to.nickname),
      update: (to) => call(account.update, to.account, 'password', to.nickname),
      delete: (to) => call(account.remove, to.account, 'password', '客服'),
      list: () => call(account.list),
      online: () => call(account.online),
      headimg: (to) => call(account.avatar, to.account, to.file),
      upload: ({ kind, file }) => call(api.media.temporary.create, kind, file),
      download: async ({ media_id }) => {
        const to = path.join(process.env.KEFU_FOLDER, 'downloaded');
        await call(api.media.temporary.get, media_id, to);
        return hash(fs.readFileSync(to));
      },
      text: ({ openid, content }) => call(message.text, openid, content),
      image: ({ openid, media_id }) => call(message.image, openid, media_id),
      voice: ({ openid, media_id }) => call(message.voice, openid, media_id),
      video: ({ openid, media_id, thumb }) => call(message.video, openid, '标题', '说明', media_id, thumb),
      music: ({ openid, thumb }) =>
        call(message.music, openid, 'https://a.example/1', 'https://a.example/2', thumb, '标题', '说明'),
      news: ({ openid, article }) => call(message.news, openid, [article]),
    };
  },
};

function describe(error) {
  const code = typeof error.code === 'number' ? error.code : null;
  return { error: { code, text: String(error.message || error), kind: error.name || typeof error } };
}

async function main() {
  const answers = fs.openSync(`/dev/fd/${process.env.KEFU_ANSWERS}`, 'w');
  process.chdir(process.env.KEFU_FOLDER);
  const make = sdks[process.argv[2]];
  let calls;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const ask = JSON.parse(line);
    let answer;
    try {
      if (ask.call === 'begin') [calls, answer] = [make(ask.with.appid, ask.with.secret), { value: null }];
      else if (ask.call === 'names') answer = { value: Object.keys(make('', '')) };
      else answer = { value: (await calls[ask.call](ask.with)) ?? null };
    } catch (error) {
      answer = describe(error);
    }
    fs.writeSync(answers, JSON.stringify(answer) + os.EOL);
  }
}

main();
