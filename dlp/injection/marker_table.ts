import type { InjectionSeverity } from "./finding.ts";
import type { AnchoredPattern } from "./injection_scan.ts";

/** `<` and `>` as they are and as JSON and HTML write them. */
const LT = String.raw`(?:<|\\u003c|&lt;|%3c)`;
const GT = String.raw`(?:>|\\u003e|&gt;|%3e)`;
/** The escape character as it is, and in JSON. */
const ESC = String.raw`(?:\x1b|\\u001b)`;
const MODEL =
  "(?:AI(?: coding)? (?:agents?|assistants?|models?)|assistant|language model|LLM|chat ?bot|previous instructions|system prompt|prior instructions|ignore (?:all|the|previous)|claude|copilot|chatgpt)";

const mark = (
  rule: string,
  severity: InjectionSeverity,
  anchors: string,
  pattern: string,
  before: number,
  after: number,
): AnchoredPattern => ({
  rule,
  severity,
  anchors: anchors.split("|||"),
  pattern: new RegExp(pattern, "i"),
  before,
  after,
});

/** Signs that stand in the bytes themselves: markup, tokens and controls, not wording. */
export const MARKERS: readonly AnchoredPattern[] = [
  mark(
    "tool_result_imitation",
    "block",
    "tool_result|||function_results|||system-reminder|||tool_response|||function_calls|||tool_output",
    `(?:${LT}\\\\?/(?:tool_result|function_results|tool_response|function_calls|tool_output)${GT}[^]{0,120}?(?:(?:^|\\n|[\n"'>])\\s{0,8}(?:Human|User|Assistant|System):|${LT}(?:system-reminder|system)${GT}|the user (?:has|wants|asked)|ignore (?:all|the|previous)|you must)|${LT}system-reminder${GT}[^]{0,120}?(?:the user|you (?:must|should|are|may)|ignore|instruction))`,
    8,
    220,
  ),
  mark(
    "chat_template",
    "warn",
    "im_start|||im_end|||endoftext|||start_header_id|||eot_id|||start_of_turn|||end_of_turn|||[inst]|||[/inst]|||<<sys>>|||<</sys>>|||start|>|||message|>|||channel|>|||system|>|||assistant|>|||user|>",
    `(?:${LT}\\|(?:im_start|im_end|endoftext|start_header_id|end_header_id|eot_id|start|message|channel|system|assistant|user)\\|${GT}|${LT}(?:start|end)_of_turn${GT}|\\[/?INST\\]|${LT}${LT}/?SYS${GT}${GT})`,
    16,
    40,
  ),
  mark(
    "ansi_conceal",
    "warn",
    "[8m|||;8m|||[30;40m",
    `${ESC}\\[(?:[0-9;]{0,12};)?(?:8|30;40)m`,
    24,
    8,
  ),
  mark("terminal_command", "warn", "]8;;|||]8;id=", `${ESC}\\]8;[^;]{0,40};`, 8, 60),
  mark("terminal_command", "block", "]52;", `${ESC}\\]52;[cpqs0-7]{0,8};`, 8, 24),
  mark(
    "markdown_exfiltration",
    "warn",
    "](http",
    String
      .raw`!\[[^\]\n]{0,80}\]\(https?://[^)\s]{0,200}[?&][\w-]{1,24}=[^)\s]{0,60}(?:CONTENT|SECRET|TOKEN|API_?KEY|PASSWORD|_ENV|\bENV\b|\bDATA\b|BASE64|URLENCODED|\{\{|\$\{|\{[a-z_]{3,24}\}|<[A-Za-z_ ]{3,30}>)`,
    84,
    320,
  ),
  mark(
    "hidden_html",
    "warn",
    "display:none|||display: none|||visibility:hidden|||visibility: hidden|||font-size:0|||font-size: 0|||font-size:1px|||font-size: 1px|||opacity:0|||opacity: 0|||color:#fff|||color: #fff|||color:white|||color: white|||left:-9999",
    `(?:display|visibility|font-size|opacity|color|left):[^<>{}]{0,160}>[^<]{0,240}?\\b${MODEL}\\b`,
    0,
    460,
  ),
  mark(
    "hidden_comment",
    "warn",
    "<!--|||[//]: #|||\\u003c!--",
    `(?:<!--|\\\\u003c!--|\\[//\\]: #)[^>]{0,60}?\\b(?:AI (?:agent|assistant|model)s?|LLMs?|assistant|SYSTEM:|ignore (?:all|the|previous)|instructions? (?:to|for)|now entering|you might state|we might state|it's common practice to say)`,
    12,
    160,
  ),
  mark(
    "turn_imitation",
    "warn",
    "assistant:|||human:",
    String
      .raw`(?:^|[\n"'>]|\\n)\s{0,8}(?:Human|User|Assistant|System):[^]{0,200}?(?:\n|\\n)\s{0,8}(?:Human|User|Assistant|System):\s`,
    220,
    240,
  ),
  mark(
    "turn_imitation",
    "warn",
    "<system>|||\\u003csystem|||<important>|||<system mode>|||[system]|||{system:|||<admin>",
    `(?:${LT}(?:system|admin|system mode)${GT}|\\[system\\]|\\{system:)[^]{0,80}?\\b(?:you (?:are|must)|before using|do not|ignore|this simulation|as an AI|system mode|forget|maintenance)\\b|${LT}important${GT}[^]{0,60}?\\b(?:before using this|do not (?:tell|mention)|ignore (?:all|the|previous)|read ~|the assistant)`,
    8,
    120,
  ),
];
