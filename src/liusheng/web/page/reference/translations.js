/** The text of the API's reference. */

export const TEXTS = {
  en: {
    "reference.title": "API reference",
    "reference.lead": "All that this server answers over HTTP and WebSockets, made from its own description.",
    "reference.sections": "Sections",
    "reference.http": "HTTP",
    "reference.try": "Open an operation, fill in its fields, and press Execute: the request goes to this server. If it needs an API key, enter it under Authorize.",
    "reference.websockets": "WebSockets",
    "reference.socketsExplain": "The messages of each WebSocket, JSON unless they are bytes. On the server’s page, Messages shows those of a running session.",
    "reference.messages": "Types of messages",
    "reference.client": "From the client",
    "reference.server": "From the server",
    "reference.bytes": "bytes",
    "reference.required": "required",
    "reference.default": "default",
    "reference.openai": "OpenAI’s API",
    "reference.paddlespeech": "PaddleSpeech",
    "reference.operation": "Description and operation",
    "reference.about": "Describe {path}.",
    "reference.failed": "The description cannot be read ({reason}). Reload the page.",
  },
  zh: {
    "reference.title": "接口文档",
    "reference.lead": "本服务器通过 HTTP 和 WebSocket 提供的全部接口，由服务器自身的描述生成。",
    "reference.sections": "章节",
    "reference.http": "HTTP",
    "reference.try": "展开一个操作，填写参数，按“执行”：请求会发送到这台服务器。如果服务器需要 API 密钥，请在“授权”中输入。",
    "reference.websockets": "WebSocket",
    "reference.socketsExplain": "每个 WebSocket 的消息；除二进制外均为 JSON。服务器首页的“报文”显示会话中实际收发的消息。",
    "reference.messages": "消息类型",
    "reference.client": "客户端发送",
    "reference.server": "服务器发送",
    "reference.bytes": "二进制",
    "reference.required": "必填",
    "reference.default": "默认值",
    "reference.openai": "OpenAI 接口",
    "reference.paddlespeech": "PaddleSpeech 接口",
    "reference.operation": "描述与运维",
    "reference.about": "说明 {path} 的用法。",
    "reference.failed": "无法读取接口描述（{reason}），请重新加载页面。",
  },
};

/** Titles of the descriptions, in Chinese. */
export const TITLES = {
  "Describe a model in use, or one of OpenAI that stands for it (OpenAI's API).":
    "描述一个正在使用的模型，或代表它的 OpenAI 模型名（OpenAI 接口）。",
  "Translate the speech in a file into English (OpenAI's API).":
    "把文件中的语音翻译成英语（OpenAI 接口）。",
  "List the voices (Open WebUI's addition to OpenAI's API).":
    "列出音色（Open WebUI 对 OpenAI 接口的扩充）。",
  "List the models for synthesis (Open WebUI's addition to OpenAI's API).":
    "列出合成模型（Open WebUI 对 OpenAI 接口的扩充）。",
  "Describe this server: models, voices, limits.": "描述这台服务器：模型、音色、限制。",
  "List the models in use (OpenAI's API).": "列出正在使用的模型（OpenAI 接口）。",
  "Punctuate a text; one that has punctuation is returned unchanged.":
    "为文本添加标点；已有标点的文本原样返回。",
  "Recognise a file (OpenAI's API).": "识别一个文件（OpenAI 接口）。",
  "Recognise a file (Deepgram's API).": "识别一个文件（Deepgram 接口）。",
  "Recognise a file.": "识别一个文件。",
  "Recognise audio while it is sent.": "边发送音频边识别。",
  "Return metrics in Prometheus' text format.": "以 Prometheus 文本格式返回指标。",
  "Return the default sample rate of the audio, in hertz.": "返回音频的默认采样率（赫兹）。",
  "Say that the process runs.": "表明进程正在运行。",
  "Say whether new sessions are served (200), or why not (503).":
    "表明是否接受新会话（200），或说明为何不接受（503）。",
  "Synthesise a text (OpenAI's API).": "合成一段文本（OpenAI 接口）。",
  "Synthesise a text; the audio is sent while it is synthesised.":
    "合成一段文本；边合成边发送音频。",
  "Synthesise a text; the response is a whole WAV file in base64.":
    "合成一段文本；响应为 base64 编码的完整 WAV 文件。",
  "Success.": "成功。",
  "An error: what is wrong, and what to do.": "错误：说明问题所在和解决办法。",
  "Streaming recognition": "流式识别",
  "Streaming synthesis": "流式合成",
  "OpenAI's Realtime API: transcription with ?intent=transcription, else a conversation":
    "OpenAI Realtime 接口：带 ?intent=transcription 为转写，否则为对话",
};

/** Labels of the viewer, in Chinese. */
export const LABELS = {
  Authorize: "授权",
  "Available authorizations": "可用的授权方式",
  Cancel: "取消",
  Clear: "清空",
  Close: "关闭",
  Code: "状态码",
  Description: "说明",
  Details: "详情",
  Download: "下载",
  "Download file": "下载文件",
  "Example Value": "示例值",
  Examples: "示例",
  Execute: "执行",
  Headers: "响应头",
  Links: "链接",
  Loading: "加载中",
  Logout: "退出",
  "Media type": "媒体类型",
  Name: "名称",
  "No links": "无链接",
  "No parameters": "无参数",
  Parameters: "参数",
  "Request URL": "请求地址",
  "Request body": "请求体",
  required: "必填",
  Reset: "重置",
  "Response body": "响应体",
  "Response headers": "响应头",
  Responses: "响应",
  Schema: "结构",
  "Send empty value": "发送空值",
  "Server response": "服务器响应",
  Servers: "服务器",
  "Try it out": "试用",
  "Value:": "值：",
};
