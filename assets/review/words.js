/** What the page says, in English and Simplified Chinese. */

const WORDS = {
  en: {
    reviewer: "Reviewer", reviewerHint: "Your name", menu: "Reviewer, files, language, help", download: "Download", downloadHint: "All verdicts as one file",
    load: "Load", loadHint: "Add the verdicts of a file", otherLanguage: "中文: switch language",
    help: "Keys and help", stage: "Video and current event", heardNow: "Heard now",
    play: "Play or pause", position: "Position", advance: "Auto-advance",
    currentEvent: "Current event", wrong: "Wrong", unsure: "Unsure", right: "Right",
    undo: "Undo", skip: "Skip", itIs: "It is", relabelGroup: "It is another sound",
    otherLabel: "Other label…", again: "Again", setOnset: "Starts here", setOffset: "Ends here",
    merge: "Merge with next", newEvent: "New event", comment: "Comment", events: "Events",
    labels: "Labels", filters: "Filters", order: "Order", state: "State",
    labelFilter: "Label contains", least: "Least score", families: "Families", label: "Label",
    judged: "Judged", ratio: "Right", all: "All", kappa: "Kappa", kappaHint: "Cohen's kappa, second by second, against {lane}", timeline: "Timeline",
    zoomIn: "Zoom in", zoomOut: "Zoom out", zoomFit: "Whole length",
    soundPicture: "Loudness and mel spectrogram over time", lanes: "Events over time, a lane a label",
    timelineHint: "Drag on the spectrogram to mark a new event; drag the lanes to move; wheel to zoom",
    searchLabel: "Search a label, or type one of your own", ownLabel: "own label", cancel: "Cancel", save: "Save", close: "Close",
    progress: "Judged so far", previous: "Previous", next: "Next",
    time: "Time", sureness: "Surest first", doubt: "Doubtful first", balanced: "Balanced",
    random: "Random", conflict: "Conflicts", byLabel: "Label",
    any: "Any", open: "Not judged", changed: "Changed or added", commented: "Commented",
    human: "Human", animal: "Animal", music: "Music", things: "Things", nature: "Nature",
    ambiguous: "Ambiguous", environment: "Environment", none: "Own",
    counts: "{judged} of {all} judged · {percent} right", countsNone: "{judged} of {all} judged",
    shownCount: "{n} of {all} shown", nothingShown: "No event passes the filters",
    noEvent: "No event", score: "score {score}", was: "was {label}", merged: "merged",
    added: "added", edited: "edges moved", addedBy: "{n} verdicts added from {file}",
    addedNone: "{file}: nothing new in it",
    notVerdicts: "{file}: no verdicts of this program",
    otherMedium: "{file}: verdicts of another sound ({name}); nothing was added",
    savedBrowser: "Saved in this browser", savedServer: "Saved beside the file",
    saving: "Saving…", storageFull: "This browser has no room left: download the verdicts now",
    serverGone: "The server does not answer; kept in this browser",
    serverRefused: "Not saved beside the file: {why}; kept in this browser",
    unplayable: "This browser cannot play {name}. Everything else works; a copy that plays is made by: tag-overlay review --proxy always",
    proxyUsed: "Played from a small copy, since not every browser plays {why}.",
    proxyMaking: "A small copy that this browser can play is being made… {percent} %",
    nothingToUndo: "Nothing to undo", undone: "Undone: {what}", allJudged: "All events shown are judged",
    noNext: "No later event of this label to merge with", edgesCross: "The start must lie before the end",
    markFirst: "New event: which label?", allRight: "all right", allWrong: "all wrong",
    allRightOf: "All of {label} not judged yet are right", allWrongOf: "All of {label} not judged yet are wrong",
    batchDone: "{n} × {label}: {verdict}", otherSays: "{reviewer}: {verdict}", someone: "somebody",
    keyPlay: "play, pause", keyAgain: "event again", keyRight: "right", keyWrong: "wrong",
    keyUnsure: "unsure", keyUndo: "undo", keySkip: "skip", keyMove: "next, previous",
    keyRelabel: "it is one of these", keySearch: "it is another label", keyEdges: "starts, ends here",
    keyMerge: "merge with next", keyNew: "new event", keyComment: "comment", keyZoom: "zoom, all",
    keySeek: "1 s back, on", keyHelp: "help",
    helpSaving: "Verdicts are kept in this browser at once. Download them as one file to hand them on; loading a file adds its verdicts and loses none.",
  },
  zh: {
    reviewer: "审核人", reviewerHint: "姓名", menu: "审核人、文件、语言、帮助", download: "下载", downloadHint: "将全部审核结果存为一个文件",
    load: "导入", loadHint: "加入文件中的审核结果", otherLanguage: "English: 切换语言",
    help: "按键与帮助", stage: "视频与当前事件", heardNow: "当前声音",
    play: "播放或暂停", position: "位置", advance: "自动下一个",
    currentEvent: "当前事件", wrong: "错误", unsure: "不确定", right: "正确",
    undo: "撤销", skip: "跳过", itIs: "应为", relabelGroup: "是另一种声音",
    otherLabel: "其他标签…", again: "重播", setOnset: "设为起点", setOffset: "设为终点",
    merge: "与下一个合并", newEvent: "新事件", comment: "备注", events: "事件",
    labels: "标签", filters: "筛选", order: "顺序", state: "状态",
    labelFilter: "标签包含", least: "最低分数", families: "大类", label: "标签",
    judged: "已审核", ratio: "正确率", all: "全部", kappa: "一致性 κ", kappaHint: "与 {lane} 逐秒比较的 Cohen's kappa", timeline: "时间轴",
    zoomIn: "放大", zoomOut: "缩小", zoomFit: "全长",
    soundPicture: "随时间变化的响度与梅尔频谱", lanes: "随时间变化的事件，每个标签一行",
    timelineHint: "在频谱上拖动可标出新事件；拖动事件行可移动；滚轮缩放",
    searchLabel: "搜索标签，或输入自定义标签", ownLabel: "自定义标签", cancel: "取消", save: "保存", close: "关闭",
    progress: "审核进度", previous: "上一个", next: "下一个",
    time: "时间", sureness: "高分优先", doubt: "存疑优先", balanced: "均衡",
    random: "随机", conflict: "分歧", byLabel: "按标签",
    any: "全部", open: "未审核", changed: "已修改或新增", commented: "有备注",
    human: "人声", animal: "动物", music: "音乐", things: "物体", nature: "自然",
    ambiguous: "来源不明", environment: "环境", none: "自定义",
    counts: "已审核 {judged} / {all} · {percent} 正确", countsNone: "已审核 {judged} / {all}",
    shownCount: "显示 {n} / {all}", nothingShown: "没有符合条件的事件",
    noEvent: "没有事件", score: "分数 {score}", was: "原为 {label}", merged: "已合并",
    added: "新增", edited: "已调整起止", addedBy: "从 {file} 加入 {n} 条审核记录",
    addedNone: "{file}：没有新的内容",
    notVerdicts: "{file}：不是本程序的审核文件",
    otherMedium: "{file}：属于另一段声音（{name}），未加入",
    savedBrowser: "已保存在此浏览器", savedServer: "已保存到媒体文件旁",
    saving: "正在保存…", storageFull: "浏览器存储空间已满：请立即下载审核结果",
    serverGone: "服务器无响应；已保存在此浏览器",
    serverRefused: "未能保存到媒体文件旁：{why}；已保存在此浏览器",
    unplayable: "此浏览器无法播放 {name}。其余功能照常；可用 tag-overlay review --proxy always 生成可播放的副本",
    proxyUsed: "正在播放小尺寸副本，因为并非所有浏览器都能播放 {why}。",
    proxyMaking: "正在生成可播放的小尺寸副本… {percent} %",
    nothingToUndo: "没有可撤销的操作", undone: "已撤销：{what}", allJudged: "列出的事件都已审核",
    noNext: "后面没有同标签的事件可合并", edgesCross: "起点必须早于终点",
    markFirst: "新事件：是什么标签？", allRight: "全部正确", allWrong: "全部错误",
    allRightOf: "将未审核的“{label}”全部判为正确", allWrongOf: "将未审核的“{label}”全部判为错误",
    batchDone: "{n} × {label}：{verdict}", otherSays: "{reviewer}：{verdict}", someone: "其他人",
    keyPlay: "播放、暂停", keyAgain: "重播事件", keyRight: "正确", keyWrong: "错误",
    keyUnsure: "不确定", keyUndo: "撤销", keySkip: "跳过", keyMove: "下一个、上一个",
    keyRelabel: "改为候选标签", keySearch: "搜索标签", keyEdges: "设为起点、终点",
    keyMerge: "与下一个合并", keyNew: "新事件", keyComment: "备注", keyZoom: "缩放、全长",
    keySeek: "后退、前进 1 秒", keyHelp: "帮助",
    helpSaving: "审核结果会立即保存在此浏览器。可下载为一个文件交给他人；导入文件只会加入记录，不会丢失任何内容。",
  },
};

let language = "en";

export function setLanguage(wanted) {
  language = wanted in WORDS ? wanted : "en";
}

export function currentLanguage() {
  return language;
}

/** A phrase with its {places} filled. */
export function say(key, values = {}) {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** Put the words into every element that asks for some. */
export function translate(root) {
  for (const each of root.querySelectorAll("[data-text]")) each.textContent = say(each.dataset.text);
  for (const each of root.querySelectorAll("[data-title]")) each.title = say(each.dataset.title);
  for (const each of root.querySelectorAll("[data-hint]")) each.placeholder = say(each.dataset.hint);
  for (const each of root.querySelectorAll("[data-label]")) {
    each.setAttribute("aria-label", say(each.dataset.label));
    if (each.tagName === "BUTTON") each.title = say(each.dataset.label);
  }
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
}

/** Seconds as 1:02:03.4 or 2:03.4. */
export function clock(seconds, digits = 1) {
  const unit = 10 ** digits;
  const whole = Math.round(Math.max(0, seconds) * unit);
  const rest = whole % (60 * unit);
  const minutes = Math.floor(whole / (60 * unit));
  const tail = (rest / unit).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  if (minutes < 60) return `${minutes}:${tail}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${tail}`;
}
