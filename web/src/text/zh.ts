/**
 * 中文文案。Their keys are the catalogues': `en.ts` must have the same ones. The workbench's own texts stand apart, so
 * that the customer page does not carry them.
 */
export const zh = {
  lang: "zh-CN",
  other: "English",
  loading: "正在加载…",
  retry: "重试",
  reconnecting: "连接已断开，正在重连…",
  replaced: "打开的窗口过多，点击此页即可继续。",
  down: { title: "暂时连不上服务器", hint: "请检查网络。恢复后会自动继续。" },

  log: {
    label: "消息",
    you: "我",
    older: "正在加载更早的消息…",
    olderFailed: "更早的消息加载失败",
    fresh: "有新消息",
    sending: "发送中…",
    failed: (why: string) => `未发送：${why}`,
    again: "重新发送",
    typing: "对方正在输入…",
  },

  content: {
    image: "图片",
    voice: "语音",
    video: "视频",
    music: "音乐",
    link: "链接",
    mpnews: "图文消息",
    mpnewsarticle: "图文消息",
    wxcard: "卡券，请在微信中查看",
    miniprogrampage: "小程序",
    gone: "图片无法显示",
    ai: "内容由第三方 AI 生成",
  },

  composer: {
    send: "发送",
    emoji: "表情",
    picture: "发送图片",
    wrongPicture: "只能发送 10 MB 以内的 PNG、JPEG 或 GIF 图片",
    left: (bytes: number) => (bytes >= 0 ? `还可输入 ${bytes} 字节` : `超出 ${-bytes} 字节`),
  },

  chat: {
    title: (name: string) => `联系${name}`,
    page: "在线客服",
    none: "有什么可以帮你？",
    waiting: "已收到，我们会尽快回复你",
    open: (nickname: string) => `${nickname}正在为你服务`,
    closed: "会话已结束，你可以随时再次留言",
    emptyTitle: "你好！",
    emptyText: "在下方写下你的问题，回复会显示在这里。关闭页面后再来，记录仍在。",
    message: "消息",
    placeholder: "输入消息…",
    customerService: "客服",
    unknownTitle: "没有找到这个客服页面",
    unknownText: "链接可能不完整或已停用。请向商家确认地址。",
  },

  time: {
    now: "刚刚",
    minutes: (n: number) => `${n} 分钟`,
    hours: (n: number) => `${n} 小时`,
    days: (n: number) => `${n} 天`,
    moments: "不到 1 分钟",
    today: "今天",
    yesterday: "昨天",
  },

  errors: {
    0: "连不上服务器，请检查网络后重试",
    990001: "请求无效",
    990003: "没有权限",
    990004: "未找到",
    990005: "操作冲突，请刷新后重试",
    990006: "操作太频繁，请稍后再试",
    990007: "内容太大",
    990008: "服务器繁忙，请稍后再试",
    990009: "服务器出错，请稍后再试",
    990019: "消息为空或过长（最多 2048 字节）",
    990021: "本客服台不认识这个网址",
    990038: "演示环境只能通过 IP 地址、localhost 或 --as 指定的域名访问",
    990023: "这不是图片",
    990034: "本浏览器的另一个页面正在发送消息，请重新发送",
  },

  unknownError: (message: string) => (message ? `操作失败：${message}` : "操作失败"),
};

export const zhDesk = {
  desk: "客服工作台",
  dismiss: "关闭提示",

  /** Refusals that only the workbench meets. */
  deskErrors: {
    990002: "登录已失效，请重新登录",
    990010: "用户名或密码不正确",
    990011: "用户名已被占用",
    990012: "注册链接无效、已使用或已过期",
    990013: "密码太短，至少 8 个字符",
    990014: "这位顾客已被其他客服接入",
    990015: "会话已结束",
    990016: "已超过 48 小时的回复期限",
    990017: "邀请已失效",
    990018: "绑定的账号已达上限",
    990020: "用户名格式不正确：1 至 20 个字母、数字、_ 或 -",
    990022: "这位客服已不在线，请选择其他客服",
  },

  login: {
    title: "登录工作台",
    name: "用户名",
    password: "密码",
    submit: "登录",
    busy: "正在登录…",
    hint: "还没有账号？请向管理员索取注册链接。",
    out: "退出登录",
  },

  logins: {
    open: "查看登录设备",
    title: "你的登录",
    hint: "不认识的登录，请立即结束，并修改密码。",
    unknown: "未知浏览器",
    current: "当前浏览器",
    lately: "一小时内使用过",
    used: (when: string) => `上次使用：${when}`,
    end: "结束",
    endOf: (browser: string) => `结束 ${browser} 上的登录`,
    endOthers: "结束其他所有登录",
    alone: "你没有在其他地方登录。",
    close: "完成",
  },

  password: {
    open: "修改密码…",
    title: "修改密码",
    hint: "修改后，其他所有登录都会结束。",
    current: "当前密码",
    next: "新密码",
    show: "显示密码",
    submit: "修改密码",
    busy: "正在修改…",
    wrong: "当前密码不正确",
    done: "密码已修改，其他登录均已结束。",
    cancel: "取消",
    close: "关闭",
  },

  signup: {
    title: "创建你的账号",
    hint: "你打开的是一次性注册链接。请设置用户名和密码。",
    nameHint: "1 至 20 个字符：字母、数字、_ 或 -",
    passwordHint: "至少 8 个字符",
    submit: "创建账号",
    busy: "正在创建…",
    instead: "已有账号，去登录",
  },

  accounts: "账号",
  worker: (name: string) => `已登录：${name}`,
  presence: { online: "在线", away: "离开", offline: "离线", label: "在线接待" },

  invitations: {
    title: "邀请",
    text: (account: string, nickname: string) => `“${account}”邀请你担任客服“${nickname}”`,
    expires: (when: string) => `${when}后失效`,
    expired: "已失效",
    accept: "接受",
    decline: "拒绝",
    acceptOf: (account: string) => `接受“${account}”的邀请`,
    declineOf: (account: string) => `拒绝“${account}”的邀请`,
    emptyTitle: "正在等待邀请",
    emptyText: (name: string) =>
      `公众号或小程序的管理员会把你绑定为客服。请把你的用户名“${name}”告诉管理员，邀请到达后会显示在这里，接受后即可开始接待。`,
  },

  customer: (tail: string) => `顾客 ${tail}`,

  waiting: {
    title: "待接入",
    since: (time: string) => `已等待${/^\d/.test(time) ? " " : ""}${time}`,
    take: "接入",
    takeOf: (customer: string) => `接入${customer}`,
    empty: "没有顾客在等待",
    more: (count: number) => `另有 ${count} 位顾客在排队`,
  },

  mine: {
    title: "我的会话",
    empty: "没有进行中的会话",
    emptyHint: "接入的顾客会出现在这里",
    unread: (count: number) => `${count} 条未读`,
    you: "我：",
  },

  others: {
    title: "全部会话",
    empty: "其他客服没有进行中的会话",
    more: "显示更多",
    agent: (nickname: string) => `${nickname} 接待中`,
    reading: (nickname: string) => `${nickname}正在接待这位顾客`,
    readingHint: "你正在旁观。接管会话后可以回复。",
    take: "接管",
  },

  transfer: {
    open: "转接…",
    openOf: (customer: string) => `转接${customer}`,
    title: (customer: string) => `将${customer}转接给…`,
    hint: "以下是在线的客服。对方可以看到之前的聊天记录。",
    to: (nickname: string) => `转接给${nickname}`,
    sessions: (count: number) => `${count} 个会话`,
    empty: "没有其他在线的客服",
    emptyHint: "请稍后再试，或继续由当前客服接待。",
    gone: (customer: string) => `${customer}已由其他客服接待`,
  },

  conversation: {
    noneTitle: "选择一个会话",
    noneText: "从左侧打开会话，或接入一位等待中的顾客。",
    region: (customer: string) => `与${customer}的会话`,
    opened: (time: string) => `${time} 接入`,
    back: "返回列表",
    close: "结束会话",
    closeTitle: "结束这个会话？",
    closeText: "顾客随时可以再次留言，届时会开始新的会话。",
    cancel: "取消",
    closed: "会话已结束",
    closedHint: "顾客再次留言时会开始新的会话。",
    reply: "回复",
    placeholder: "输入回复，Enter 发送，Shift+Enter 换行",
    placeholderShort: "输入回复…",
  },
};
