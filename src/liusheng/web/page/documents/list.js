/** The documents in the order of the list, with their titles; each is in `docs/` and `docs/zh/`. */

export const DOCUMENTS = {
  page: { en: "The page", zh: "网页" },
  install: { en: "Installation", zh: "安装" },
  configuration: { en: "Configuration", zh: "配置" },
  cli: { en: "The command line", zh: "命令行" },
  python: { en: "Python client", zh: "Python 客户端" },
  javascript: { en: "JavaScript client", zh: "JavaScript 客户端" },
  http: { en: "HTTP", zh: "HTTP 接口" },
  protocol: { en: "WebSocket protocol", zh: "WebSocket 协议" },
  "integrations/README": { en: "Other clients", zh: "其他客户端" },
  migration: { en: "From PaddleSpeech", zh: "从 PaddleSpeech 迁移" },
  examples: { en: "Examples", zh: "示例" },
  models: { en: "Models", zh: "模型" },
  voices: { en: "Voices", zh: "音色" },
  text: { en: "How text is read", zh: "文本的读法" },
  operation: { en: "Operation", zh: "运维" },
  security: { en: "Security", zh: "安全" },
  performance: { en: "Performance", zh: "性能" },
  scaling: { en: "Scaling", zh: "扩展" },
  reliability: { en: "Reliability", zh: "可靠性" },
  architecture: { en: "Architecture", zh: "架构" },
};
