/**
 * 中文文案。键名由此处决定，`en.ts` 必须与之一致。工作台的文案单列，客户页面不必加载。
 */
import { zhDeskErrors } from "./desk/errors";

const SCRIPT_CHANGE = /(?<=\p{Script=Han})\0(?=[\p{Script=Latin}\d])|(?<=[\p{Script=Latin}\d])\0(?=\p{Script=Han})/gu;

/** 中文与西文、数字之间空一格，标点旁不空：名称由用户填写，可能是中文，也可能是西文。 */
export const spaced = (parts: TemplateStringsArray, ...values: (string | number)[]): string =>
  String.raw({ raw: parts.raw.map((part) => `\0${part}\0`) }, ...values)
    .replace(SCRIPT_CHANGE, " ")
    .replaceAll("\0", "");

export const zh = {
  lang: "zh-CN",
  other: "English",
  loading: "正在加载…",
  retry: "重试",
  cancel: "取消",
  reconnecting: "连接已断开，正在重连…",
  replaced: "已由其他窗口接管，点击此处继续。",
  down: { title: "无法连接服务器", hint: "请检查网络，恢复后会自动继续。" },

  log: {
    label: "消息",
    you: "我",
    program: (name: string) => `${name}（程序）`,
    older: "正在加载更早的消息…",
    olderFailed: "更早的消息加载失败",
    fresh: "有新消息",
    sending: "发送中…",
    failed: (why: string) => `未发送：${why}`,
    retrying: "暂未发送，将自动重试",
    again: "重新发送",
    drop: "不再发送",
    typing: "对方正在输入…",
  },

  content: {
    image: "图片",
    voice: "语音",
    video: "视频",
    music: "音乐",
    link: "链接",
    location: "位置",
    mpnews: "图文消息",
    mpnewsarticle: "图文消息",
    wxcard: "卡券，请在微信中查看",
    miniprogrampage: "小程序",
    gone: "图片无法显示",
    /** 接在消息类型之后。 */
    over: "：已过保存期，文件已删除",
    ai: "内容由第三方 AI 生成",
    notice: "该公众号提供的服务出现故障，请稍后再试",
    app_notice: "该小程序客服暂时无法提供服务，请稍后再试",
  },

  composer: {
    send: "发送",
    emoji: "表情",
    picture: "发送图片",
    ask: (count: number) => (count > 1 ? `发送这 ${count} 张图片？` : "发送这张图片？"),
    preparing: "正在处理图片…",
    wrongPicture: "仅支持 10 MB 以内的 PNG、JPEG、GIF 或 WebP 图片",
    left: (bytes: number) => (bytes >= 0 ? `还可输入 ${bytes} 字节（约 ${Math.floor(bytes / 3)} 个汉字）` : `超出 ${-bytes} 字节，请缩短`),
  },

  chat: {
    title: (name: string) => spaced`联系${name}`,
    page: "在线客服",
    none: "请问有什么可以帮您？",
    waiting: (left: boolean, before: number | null) =>
      (left ? "客服已离开，" : "消息已收到，") +
      (before === null ? "我们会尽快回复您" : before > 0 ? `前面还有 ${before} 位` : "您排在第一位"),
    open: (nickname: string) => `您的客服：${nickname}`,
    away: (nickname: string) => `您的客服：${nickname}（暂时离开，稍后回复您）`,
    closed: "会话已结束，您可以随时再次留言",
    emptyTitle: "您好！",
    emptyText: "请在下方输入您的问题，回复会显示在这里。再次打开仍可看到记录。",
    message: "消息",
    placeholder: "输入消息…",
    customerService: "客服",
    unknownTitle: "客服页面不存在",
    unknownText: "链接可能不完整或已停用，请向商家确认。",
  },

  time: {
    now: "刚刚",
    minutes: (n: number) => `${n} 分钟`,
    hours: (n: number) => `${n} 小时`,
    days: (n: number) => `${n} 天`,
    ago: (span: string) => spaced`${span}前`,
    moments: "不足 1 分钟",
    today: "今天",
    yesterday: "昨天",
  },

  errors: {
    0: "无法连接服务器，请检查网络后重试",
    990001: "请求无效，请刷新页面后重试",
    990003: "您没有权限，请联系账号管理员",
    990004: "内容已不存在，请刷新页面",
    990005: "操作冲突，请刷新后重试",
    990006: "操作过于频繁，请稍后再试",
    990007: "内容过大，请缩短文字或换一个较小的文件",
    990008: "服务器繁忙，请稍后再试",
    990009: "服务器出错，请稍后再试",
    990019: "消息为空或过长（最多 2048 字节）",
    990021: "此地址未配置，请联系管理员",
    990038: "演示环境只能通过 IP 地址、localhost 或 --as 指定的域名访问",
    990023: "此文件不是 PNG、JPEG、GIF 或 WebP 图片",
    990024: "服务器存储空间不足，暂时无法发送图片",
    990025: "今天发送的图片已达上限，请明天再发",
    990026: "文件存储空间已满，请联系运维人员",
    990027: "您所在的网络发送图片过多，请稍后再试",
    990028: "上传过慢或已中断，请在网络良好时重试",
    990029: "您的浏览器没有保存 Cookie，我们的回复无法送达。请允许本站使用 Cookie，再重新发送",
    990034: "另一个页面正在发送消息，请重新发送",
  },

  unknownError: (message: string) => (message ? `操作失败：${message}` : "操作失败，请刷新页面后重试"),
};

export const zhDesk = {
  desk: "客服工作台",
  dismiss: "关闭提示",

  deskErrors: zhDeskErrors,

  login: {
    title: "登录工作台",
    name: "用户名",
    password: "密码",
    submit: "登录",
    busy: "正在登录…",
    hint: "还没有账号？请向运维人员索取注册链接。",
    toDebug: "登录后将返回接口调试页面。",
    out: "退出登录",
    outTitle: "退出登录？",
    outText: (count: number) =>
      `您还有 ${count} 个进行中的会话。退出后客户仍可留言，但在您重新登录或会话被接管之前无人回复。`,
    reasons: {
      device: "此登录已在其他设备上被下线。如非本人操作，请登录后立即修改密码。",
      password: "密码已在其他设备上修改，请用新密码登录。",
      reset: "运维人员重置了您的密码，请用新密码登录。",
      operator: "运维人员已将此登录下线，请重新登录。",
      expired: "登录已过期，请重新登录。",
      unknown: "登录已失效，请重新登录。",
      elsewhere: "已在本浏览器的另一个页面退出登录。",
    },
    nothingLost: "未发送的内容仍会保留。",
  },

  logins: {
    open: "查看登录设备",
    title: "登录设备",
    hint: "如有不认识的设备，请立即将其下线，并修改密码。",
    unknown: "未知浏览器",
    current: "当前设备",
    lately: "1 小时内使用过",
    used: (when: string) => `上次使用：${when}`,
    end: "下线",
    endOf: (browser: string) => spaced`下线${browser}`,
    endOthers: "下线其他设备",
    alone: "没有其他登录设备。",
    replaced: (name: string) => `此浏览器已在另一个页面改用“${name}”登录`,
    close: "完成",
  },

  password: {
    open: "修改密码…",
    title: "修改密码",
    hint: "修改后，其他设备都会下线。",
    current: "当前密码",
    next: "新密码",
    show: "显示密码",
    submit: "修改密码",
    busy: "正在修改…",
    wrong: "当前密码错误",
    done: "密码已修改，其他设备均已下线。",
    close: "关闭",
  },

  signup: {
    title: "创建账号",
    hint: "此注册链接仅可使用一次。请设置用户名和密码。",
    nameHint: "1 至 20 个字符：字母、数字、_ 或 -",
    passwordHint: "至少 8 个字符",
    submit: "创建账号",
    busy: "正在创建…",
    instead: "已有账号，去登录",
  },

  debug: "接口调试",
  accounts: "公众号",
  lists: "会话列表",
  worker: (name: string) => `已登录：${name}`,
  presence: { online: "在线", away: "离开", offline: "离线", label: "在线接待" },

  intake: {
    title: "接待方式",
    label: (open: number, limit: number) => `会话 ${open} 个，上限 ${limit} 个。更改接待方式`,
    labelManual: (open: number) => `会话 ${open} 个，手动接入。更改接待方式`,
    manualShort: (open: number) => `手动 · ${open}`,
    account: "跟随账号设置",
    accountHint: (automatic: boolean) => (automatic ? "当前为自动接入" : "当前为手动接入"),
    automatic: "自动接入",
    automaticHint: "在线且未达上限时，系统会为您分配客户。",
    manual: "手动接入",
    manualHint: "由您自己从排队中接入客户。",
    limit: "会话上限",
    limitHint: (count: number) => `留空则使用账号的上限（${count} 个）。手动接入可以超过上限。`,
    save: "保存",
  },

  setAway: {
    text: (account: string) => `“${account}”已将您设为离开：分配给您的一位客户未及时得到回复，已重新排队。`,
    back: "恢复在线",
  },

  invitations: {
    title: "邀请",
    text: (account: string, nickname: string) => `“${account}”邀请您担任客服“${nickname}”`,
    expires: (when: string) => spaced`${when}后失效`,
    expired: "已失效",
    accept: "接受",
    decline: "拒绝",
    acceptOf: (account: string) => `接受“${account}”的邀请`,
    declineOf: (account: string) => `拒绝“${account}”的邀请`,
    emptyTitle: "正在等待邀请",
    emptyText: (name: string) =>
      `公众号或小程序的账号管理员会邀请您担任客服。请将您的用户名“${name}”告知对方，收到的邀请会显示在这里，接受后即可开始接待。`,
  },

  customer: (tail: string) => `客户 ${tail}`,

  waiting: {
    title: "待接入",
    tab: "待接入",
    since: "已等待",
    take: "接入",
    takeOf: (customer: string) => spaced`接入${customer}`,
    next: "接入下一位",
    nextKey: (keys: string) => `接入等待最久的客户（${keys}）`,
    before: (count: number) => (count === 0 ? "排在第一位" : `前面还有 ${count} 位客户`),
    empty: "没有等待接入的客户",
    more: (count: number) => `另有 ${count} 位客户在排队`,
  },

  why: {
    open: "为什么？",
    openOf: (customer: string) => spaced`${customer}为什么在等待？`,
    titleOf: (customer: string) => spaced`${customer}为什么在等待？`,
    idleOpen: "为什么没有客户？",
    idleTitle: "为什么没有客户？",
    close: "关闭",
    waiting: {
      feature_off: "该账号的客服功能已关闭。",
      starting: "服务器刚刚启动，稍候几秒，等客服恢复连接后再分配客户。",
      no_agent: "该账号还没有可以登录的客服。",
      offline: "没有客服在线。",
      away: "所有客服都已设为离开。",
      full: "所有在线客服的会话都已达上限。",
      manual: "所有在线客服都是手动接入。",
      empty_group: "该客户所属分组没有客服，请添加客服或转接客户。",
      other_group: "该客户所属分组没有客服在线。",
      tried: "所有在线客服都接待过这位客户：未及时回复，或已退回排队。",
      several: "目前没有客服可以接待这位客户，原因各不相同。",
      soon: "即将分配给客服。",
    },
    agent: {
      offline: "离线",
      away: "离开",
      full: "会话已达上限",
      manual: "手动接入",
      other_group: "属于其他分组",
      tried: "接待过这位客户",
      free: "可以接待",
    },
    idle: {
      offline: "您的工作台未连接到服务器。",
      away: "您已设为离开，切换为在线后才会分配客户。",
      full: "您的会话已达上限，请结束部分会话，或提高上限。",
      manual: "您是手动接入，请从排队中接入客户，或改为自动接入。",
      other_group: "排队的客户属于其他分组。",
      tried: "您接待过正在排队的客户：未及时回复，或已退回排队。",
      free: "下一位需要人工接待的客户会分配给您。",
    },
    queue: (count: number) => (count === 0 ? "没有客户在排队。" : `有 ${count} 位客户在排队。`),
    developer: "客户的消息先由账号自己的服务器处理，需要人工时才会转到这里。",
  },

  missed: {
    title: "漏接",
    openOf: (customer: string) => spaced`查看${customer}的消息`,
    dismiss: "移除",
    dismissOf: (customer: string) => spaced`从列表移除${customer}`,
    reasons: {
      silence: "客服没有回复",
      window: "48 小时内无人回复",
    },
  },

  ownSessions: {
    title: "我的会话",
    tab: "我的",
    empty: "没有进行中的会话",
    emptyHint: "接入的客户会显示在这里",
    unread: (count: number) => `${count} 条未读`,
    unansweredNow: "未回复",
    unanswered: (span: string) => spaced`${span}未回复`,
    you: "我：",
    colleague: (nickname: string) => `${nickname}：`,
    program: "程序：",
  },

  unsent: {
    title: "未发送",
    hint: "以下会话已不由您接待，内容无法发送。",
    drop: "删除",
    dropOf: (customer: string) => spaced`删除发给${customer}的未发送内容`,
    mark: "未发送",
    draft: (draft: string) => `未发送的草稿：${draft}`,
  },

  colleagueSessions: {
    title: "同事的会话",
    empty: "同事没有进行中的会话",
    more: "显示更多",
    agent: (nickname: string) => spaced`${nickname}接待中`,
    reading: (nickname: string) => spaced`${nickname}正在接待这位客户`,
    readingHint: "当前仅可查看，接管会话后可以回复。",
    take: "接管",
  },

  transfer: {
    open: "转接…",
    openOf: (customer: string) => spaced`转接${customer}`,
    title: (customer: string) => spaced`将${customer}转接给…`,
    hint: "以下是在线的客服。对方可以看到之前的聊天记录。",
    to: (nickname: string) => spaced`转接给${nickname}`,
    sessions: (count: number) => `${count} 个会话`,
    empty: "没有其他在线的客服",
    emptyHint: "请稍后再试，或继续由当前客服接待。",
    gone: (customer: string) => spaced`${customer}已由其他客服接待`,
  },

  menu: {
    open: "更多",
    openOf: (customer: string) => spaced`更多操作：${customer}`,
    noReply: "无需回复",
    noReplyKey: (keys: string) => `客户最后的消息无需回复（${keys}）`,
    noReplyHint: "不再显示未回复标记，客户再次留言时恢复。",
    handBack: "退回排队",
    handBackHint: "客户保留原来的排队位置，由下一位空闲的客服接待。",
    handBackAnswered: "客户重新排队，由下一位空闲的客服接待。",
  },

  session: {
    noneTitle: "选择一个会话",
    noneText: "请从列表中打开会话，或接入一位等待的客户。",
    region: (customer: string) => spaced`与${customer}的会话`,
    opened: (time: string) => `${time} 接入`,
    emptyTitle: "还没有消息",
    emptyText: "客户和客服的消息会显示在这里。",
    back: "返回列表",
    close: "结束会话",
    closeShort: "结束",
    closeTitle: "结束这个会话？",
    closeText: "客户随时可以再次留言，届时会开始新的会话。",
    closeTextDeveloper: "客户随时可以再次留言，届时会先由开发者服务器接收。",
    closed: "会话已结束",
    closedHint: "客户再次留言时会开始新的会话。",
    closedHintDeveloper: "客户再次留言时，开发者服务器可以将其转给客服。",
    waits: "这位客户正在排队",
    waitsHint: "接入后可以回复。",
    recipient: {
      desk: "客户的消息仅发给客服，不发给开发者服务器",
      both: "客户的消息同时发给客服和开发者服务器",
      developer: "客户的消息发给开发者服务器，不发给客服",
    },
    reply: "回复",
    placeholder: "输入回复，Enter 发送，Shift+Enter 换行",
    placeholderShort: "输入回复…",
  },
};
