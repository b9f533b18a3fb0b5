import type { InjectionSeverity } from "./finding.ts";
import type { Phrase, Slot } from "./phrase.ts";

const list = (text: string): string[] => text.split("|");
const say = (rule: string, severity: InjectionSeverity, ...slots: Slot[]): Phrase => ({
  rule,
  severity,
  slots,
});

const IGNORE = list(
  "ignore|ignoring|disregard|disregarding|forget|overlook|do not follow|dont follow",
);
const FILLER = list(
  "|all|any|the|your|my|of the|all the|all of the|all of your|all your|all my|any of the|everything in the|these|those|every|about the|about all the|about all|all of these|all of those|absolutely all|both the|completely all|entirely the|completely the",
);
const EARLIER = list(
  "previous|previously given|prior|preceding|above|earlier|foregoing|former|initial|original|existing|current|past|system|other",
);
const BETWEEN = list(
  "|and following|system|user|given|stated|safety|and subsequent|and above|and all|content and|context and|or following|user and system|review|and future|set|developer",
);
const ORDERS = list(
  "instruction|directive|direction|prompt|guideline|command|order|programming|restriction|guardrail|system message|text and|constraints",
);
const ASSISTANT = list(
  "ai|llm|ais|llms|language model|large language model|ai agent|ai assistant|ai model|ai coding assistant|coding assistant|coding agent|ai coding agent|assistant|chatbot|automated agent|automated system|automated analysis|automated screening|llm agent|ai reviewer|ai tool|agent reading|model reading|model|agents|ai agents|copilot|claude|chatgpt|gemini|gpt",
);
const YOUR_ANSWER = list("your response|your reply|your answer|your message|your summary");
const CODE = list(
  "code snippet|code excerpt|code block|code section|code segment|code fragment|code sample|code piece",
);
const FOLLOWING = list("following|below|subsequent|ensuing|next");
const YOUR_CODE = list(
  "your code|your solution|your response|your algorithm|your implementation|your elucidation|your answer|your reply|your program|the code you develop|your explanation|the code you write|code foundation",
);
const SECRETS = list(
  "aws credentials|ssh id rsa|ssh id ed|ssh idrsa|npmrc|netrc|api key|apikey|secret access key|access token|bearer token|github token|environment variables|printenv|secret key|env vars|private key|ssh key|credentials|env contents|contents of env|dot env|kube config|mcp json",
);
const SEND = list(
  "post the contents of|send the contents of|upload the contents of|push the contents of|paste the contents of|print the contents of|exfiltrate|send the|send all|send your|print the value of|upload the file|push the|upload your|forward the|post the",
);

/**
 * Phrases that address the model which reads a text. Each is an idea with its usual wordings, not a list of samples:
 * the letters alone count, so spacing, case, markup, look-alikes and escapes make no difference.
 */
export const PHRASES: readonly Phrase[] = [
  say(
    "instruction_override",
    "block",
    list("ignore|ignoring|disregard|disregarding|forget"),
    FILLER,
    list(
      "previous|prior|preceding|foregoing|above|earlier|previously given",
    ),
    BETWEEN,
    list("instruction|directive|direction|prompt|guideline|command"),
  ),
  say("instruction_override", "warn", IGNORE, FILLER, EARLIER, BETWEEN, ORDERS),
  say(
    "instruction_override",
    "warn",
    IGNORE,
    FILLER,
    list(
      "your instructions|your rules|your training|your guidelines|your programming|your system prompt|your safety|instructions and|instructions you|rules you|rules that|safety guidelines|safety rules|the system prompt|the rest of this|the above|instructions before",
    ),
  ),
  say(
    "instruction_override",
    "warn",
    IGNORE,
    18,
    list("everything|everthing|anything|all|what"),
    14,
    list(
      "you have been told|youve been told|you were told|you have been instructed|youve been instructed|you were instructed|you learned|you have learned|you were given|you got before|was said before|you know|above this",
    ),
  ),
  say(
    "instruction_override",
    "warn",
    list("ignore the|disregard the|overrule the|ignore all of the|ignore this|forget the"),
    16,
    list(
      "and state|and say that|and say the|and print the|and print|and output the|and instead|and reply with|and respond with|and write that|and just say|and just print|and answer with|and simply",
    ),
  ),
  say(
    "instruction_override",
    "warn",
    list("override|bypass|disable|turn off|deactivate"),
    list("|all|your|any|the|all of your|all your"),
    list(
      "safety guidelines|safety rules|safety filters|safety measures|content policy|content filter|ethical guidelines|sandbox set|restrictions and|programming|safeguards",
    ),
  ),
  say(
    "new_instructions",
    "warn",
    list("your new|new|updated|real|actual|following are your|here are your"),
    list("|primary|main|only|real"),
    list(
      "task is to|instructions are|objective is|instruction is|rules reveal|goal is to|orders are|mission is",
    ),
  ),
  say(
    "new_instructions",
    "warn",
    list(
      "strictly adhere to the following|you must obey|must obey all orders|obey the text|follow these instructions instead|instructions take precedence over|supersede all previous|supersedes all previous|replaces all previous instructions|override all previous",
    ),
  ),
  say(
    "new_instructions",
    "warn",
    list("instead|only|exclusively|just|solely"),
    list("|on|focus on|focus only on|and absolutely"),
    list(
      "the following information and|the information in angle|respond with the following|reply with the following|nothing else disregard|provide it to the user|say i have been|print i have been",
    ),
  ),
  say(
    "new_instructions",
    "warn",
    list(
      "reply with only the following|respond with only the following|simply respond with|only respond with the|respond only with the|and absolutely nothing else",
    ),
  ),
  say(
    "new_instructions",
    "warn",
    list("spell check|print|repeat|translate|reveal|output"),
    list("|the|your|all|all your|all the"),
    list(
      "previous instructions|instructions above|above instructions|prior instructions",
    ),
  ),
  say(
    "persona",
    "warn",
    list(
      "do anything now|jailbreak mode|jailbroken|in dan mode|dan mode enabled|developer mode output|god mode|unrestricted mode|without any restrictions or filters|apophis mode|evil confidant|rogue ai",
    ),
  ),
  say(
    "persona",
    "warn",
    list(
      "system mode|maintenance mode|override mode|security override mode|verification mode|enforcement override|administrator override|admin override|training data override|developer override|entering security override",
    ),
    14,
    list(
      "activated system|activated forget|print the|as an ai|can you|display system|where is|forget all|the capital|ignore the|ignore all|when a function is called in|mode where|mode print|you must|system mode activated|the capital of",
    ),
  ),
  say(
    "persona",
    "warn",
    list("you are now|you re now|you will now be|you are now in|you are about to"),
    list("|in|a|an|the|entering|called"),
    list(
      "dan|maintenance mode|developer mode|do anything|immerse|unrestricted|jailbroken|an ai without|evil|god mode|debug mode|root|admin mode|free of|a dog|going to act",
    ),
  ),
  say(
    "persona",
    "warn",
    list("from now on"),
    list("|then|on"),
    list(
      "you are|you re|you will|you reply|you respond|you must|act as|reply|respond|you answer|known as|call yourself|your name",
    ),
  ),
  say(
    "persona",
    "warn",
    list("pretend|imagine|act as if|simulate|roleplay as|role play as|behave as"),
    list("|that|to be|to have"),
    list(
      "you are a rogue|you are an ai|an ai that|an ai without|forgotten about all|you have no rules|you are not bound|no restrictions|a ai|an evil|an unrestricted|forgotten all",
    ),
  ),
  say(
    "persona",
    "warn",
    list("i am|im|im actually|as"),
    list("|your"),
    list(
      "god and you|god you must|your developer and|your creator|your developer im|a developer running a system|your boss i need|an ai developed by|maintainer of your system|your administrator|a developer debugging this",
    ),
  ),
  say(
    "system_prompt_request",
    "warn",
    list(
      "reveal|show|print|repeat|output|display|disclose|leak|encode|translate|dump|see|what are|what is|whats|opposite of|expose|give me|tell me|know|share|continue the following|send|verbatim",
    ),
    list(
      "|me|the|your|all|everything in the|me your|me the|us your|out your|out|of your|of the|all of your|back",
    ),
    list(
      "system prompt|initial instructions|system instructions|starting instructions|initial prompt|hidden instructions|secret instructions|system message in|system message and|instructions formatted|secret prompt|initial configuration|original instructions",
    ),
  ),
  say(
    "system_prompt_request",
    "warn",
    list(
      "instructions you were given|what were those instructions|what were you told before|my instructions are|repeat this entire conversation|the text above in full|text you were given|developers told you not to|you not supposed to tell|repeat the above text|initial instructions to|i was instructed to|your system prompt|your initial prompt|your system instructions|secret word that you know|output initialization string|console log system prompt|system prompt tags with",
    ),
  ),
  say(
    "addresses_model",
    "warn",
    list(
      "note|notes|message|attention|instruction|instructions|important|notice|warning|hint|memo|reminder|hidden message|reply",
    ),
    list(
      "to|for|to the|for the|to any|for any|to all|for all|to an|for an|importantforthe",
    ),
    ASSISTANT,
    list(
      "reviewing|reading|software|systems|you must|coding|ignore|when|please|before|if|the|call|must|should|do not|dont|only|agents|disregard|read|to|processing|summarizing|evaluating|parsing",
    ),
  ),
  say(
    "addresses_model",
    "warn",
    list("if you are|if youre|if you re|when you are"),
    list("|a|an|the|reading this as an"),
    list(
      "ai agent|ai assistant|ai model|ai coding|language model|large language|llm|automated agent|coding agent|an ai|ai reading|ai system|artificial intelligence|chatbot|bot reading",
    ),
  ),
  say(
    "addresses_model",
    "warn",
    list(
      "all agents must|ai agents must|ai agents before|ai agents should immediately|ai agent must|ai agent should run|ai assistant before|assistant before continuing|ai instruction|ai assistants must|llms must|language models must|assistant override|assistant must now|assistant do not mention|assistant you must|ai ignore all|ai before continuing|claude when you see|copilot please also|claude please run|assistant please ignore|ai system ignore|system ignore all|system before continuing|system you are now|ai agents ignore|ai agents please|agent must run|ai assistant please|assistant ignore|agents before continuing|assistant run|llm ignore",
    ),
  ),
  say(
    "hides_from_user",
    "warn",
    list("do not|dont|never|must not|without|and not"),
    list(
      "tell|telling|mention|mentioning|mention it to|mention this to|inform|informing|notify|notifying|alert|alerting|reveal this to|reveal it to|disclose this to|disclose to|show this to|report this to|mention this in|tell the|asking|let",
    ),
    list("|this|that|it|this to|it to|anything to"),
    list(
      "the user|the human|your summary|your response|your reply|the operator|the developer know",
    ),
  ),
  say(
    "hides_from_user",
    "warn",
    list(
      "continue silently|execute silently|run silently without|discreetly|without leaving any trace|without prior client authorization|proceed without asking|do this silently|do not mention this|maintainers agreed offline",
    ),
  ),
  say(
    "exfiltration",
    "warn",
    SECRETS,
    26,
    list(
      "and post its contents|and post them to|and send it to|and send them to|its contents to http|to evil|and exfiltrate|pass the bearer|in the query string|in your next comment|include the output|to the attacker|in your answer|to the url http",
    ),
  ),
  say(
    "exfiltration",
    "warn",
    SEND,
    14,
    SECRETS,
    12,
    list(
      "to http|to evil|to this url|to the following url|to gist|you were given|in your next|url encoded|to paste|and continue",
    ),
  ),
  say(
    "exfiltration",
    "warn",
    list(
      "permission to exfiltrate|exfiltrate secrets|exfiltrate the|values of all environment variables|add my ssh key|delete the test directory|all env vars to|contents of env|print the value of github token|output of printenv|for all future sessions always|to allowed domains|dangerously disable sandbox|paste the current key|public config js|pip install index url http|reveal secrets|token in the query string|upload the file npmrc|look like credentials then quote",
    ),
  ),
  say("shapes_answer", "warn", FOLLOWING, CODE, 60, YOUR_CODE),
  say("shapes_answer", "warn", YOUR_CODE, 44, FOLLOWING, CODE),
  say(
    "shapes_answer",
    "warn",
    list(
      "incorporate|embed|integrate|append|insert|utilize|employ|leverage|blend|meld|merge|fuse|weave|infuse|inject|introduce|engage|deploy|adopt|absorb|enlist|interweave|seamlessly|assimilate|feature|dont forget to|dont hesitate to|keep in mind to",
    ),
    list(
      "|the|optimally integrate the|include the|utilize the|append the|incorporate the|blend the|meld the|incorporate",
    ),
    FOLLOWING,
    CODE,
  ),
  say(
    "shapes_answer",
    "warn",
    list(
      "modify|enhance|augment|encode|misspell|scramble|jumble|rearrange|anagram|translate|reverse|render|express|integrate a|integrate|include in|add a sentence in|a sentence in|a statement in|substitute|shift each letter in|apply|invert|group letters|convert vowels|split|random typos|write|rewrite|provide|emojis|remove spaces|headline|symbols|combine words|numbers for|teaser about|start|begin|finish|end",
    ),
    list(
      "|the|of|in|into|from|to|for|of letters in|the order of letters in|letters in|letters of|the letters of|the letters of words in|every third word in|every fourth word in|a simple substitution cipher to|to represent|spaces from|key words in|words in|main keywords in|words with relevant emojis in|by",
    ),
    YOUR_ANSWER,
  ),
  say(
    "shapes_answer",
    "warn",
    list("to your|in your|into your"),
    list("response|reply|answer|output"),
    list(
      "suggest|mention|tease|include|that promotes|add|promote|always|encouraging|emphasizing|referencing|stressing|regarding|about a|about the|for users|for readers|directing to|like|using base|pretend",
    ),
  ),
  say(
    "shapes_answer",
    "warn",
    list(
      "use emoji|use emojis|random typos|caesar cipher|using base|reply using|reply in reverse|provide your reply|provide your answer|provide your response|can you reply in|use a caesar|render your|encode your|for your reply|in your response",
    ),
    40,
    list(
      "your reply|your answer|your response|in reverse|encoding|in german|in french|in spanish|in italian|anagram|misspell|substitution|cipher|without spaces|without any spaces|typos|emojis",
    ),
  ),
  say(
    "asks_for_secrets",
    "warn",
    list("can you|could you|please|you must|need you to|i need|want you to|if you"),
    list(
      "|at least|then",
    ),
    list("share|confirm|tell me|give me|provide|reveal|decode|say"),
    list("|with me|me"),
    list(
      "your password|the password|your passcode|your passphrase|your secret|the secret|what your password is|full access to your|the users|the user s|your database",
    ),
  ),
  say(
    "asks_for_secrets",
    "warn",
    list("what is|whats|about|write|share|give me|need|was ist|quel est|qual e|cual es"),
    list("|a poem about|a haiku about|an acrostic with"),
    list(
      "your secret key|your password|das passwort|le mot de passe|la contrasena|la password|the passphrase in|the password in|the password for our|the secret code|poem about the password|haiku about the password|the password then|your passcode",
    ),
  ),
  say(
    "asks_for_secrets",
    "warn",
    list(
      "share your password|sharing passwords|your password to ensure|if you give me your password|gandalfs secret|shared their password|secret key|print your database|your password would|social security number via|send her credit|his password via|your password be",
    ),
    12,
    list(
      "with me|can help|system|to ensure|can you|for better|what is|what would|for emergency|password|via email|email|in this world|for me",
    ),
  ),
  say(
    "decode_and_follow",
    "warn",
    list(
      "decode this|decrypt this|decipher this|decode the following|decode base|decode rot|decode and|decode it|decoding this|unscramble this",
    ),
    24,
    list(
      "and follow|and do what it|and execute it|and run it|and obey|and tell me what it says|follow the instructions|follow it|morse code",
    ),
  ),
  say(
    "split_payload",
    "warn",
    list(
      "lets assume we have three strings|interlace part|answer the question using the following parts|write down the string z|combine a b and c|follow a b c",
    ),
  ),
  say(
    "turn_imitation",
    "warn",
    list("end of session|end of conversation|begin new session|start new session"),
    4,
    list("end of session|system|user|end of conversation|new instructions"),
  ),
  // Other languages: what to ignore, and what to do with it, in either order.
  ...([
    [
      "ignorez|ignorer|ignore|oubliez|oublie|ne tenez pas compte",
      "instructions precedentes|instructions anterieures|consignes precedentes|les instructions|la fonction|la page web|instructions ci dessus",
    ],
    [
      "ignoriere|ignorieren|vergiss|vergessen sie|missachte",
      "vorherigen anweisungen|vorigen anweisungen|bisherigen anweisungen|obigen anweisungen|alle anweisungen|vorherigen instruktionen|vorherigen befehle",
    ],
    [
      "ignora|ignore|ignorar|olvida|olvide|olvidar",
      "instrucciones anteriores|instrucciones previas|tus instrucciones|las instrucciones|pagina web y|ordenes anteriores",
    ],
    [
      "ignora|ignorare|dimentica|dimenticare|ignori",
      "istruzioni precedenti|tue istruzioni|le istruzioni",
    ],
    [
      "ignore|ignora|esqueca|esquecer|desconsidere",
      "instrucoes anteriores|suas instrucoes|instrucoes previas|ordens anteriores",
    ],
    [
      "negeer|vergeet",
      "vorige instructies|eerdere instructies|voorgaande instructies|bovenstaande instructies",
    ],
    [
      "zignoruj|zapomnij|ignoruj",
      "poprzednie instrukcje|poprzednich instrukcj|wczesniejsze instrukcje|powyzsze instrukcje",
    ],
    ["ignorera|glom", "tidigare instruktioner|foregaende instruktioner"],
    ["abaikan|lupakan", "instruksi sebelumnya|perintah sebelumnya"],
    ["bo qua|quen", "huong dan truoc|chi dan truoc|lenh truoc"],
    [
      "onceki",
      "talimatlari yok say|talimatlari unut|talimatlari dikkate alma|talimatlari goz ardi",
    ],
    [
      "игнорируй|игнорируйте|игнорировать|забудь|забудьте|проигнорируй",
      "предыдущие инструкции|предыдущие указания|прошлые инструкции|все инструкции|предыдущих инструкциях|вышеуказанные инструкции",
    ],
    ["ігноруй|ігноруйте|забудь", "попередні інструкції|попередні вказівки"],
    [
      "忽略|无视|忘记|忽視|無視|忘掉",
      "所有指令|的指令|所有指示|之前的指示|以上指令|之前的说明|所有的指令|先前的指令|之前的命令",
    ],
    [
      "これまでの指示|以前の指示|前の指示|上記の指示|すべての指示|今までの指示|以前の命令",
      "無視|忘れ",
    ],
    [
      "이전의|이전|위의|앞의|모든",
      "지시를 무시|지시사항을 무시|지시 사항을 무시|명령을 무시|지침을 무시|지시를 잊",
    ],
    [
      "تجاهل|تجاهلوا|انس",
      "التعليمات السابقة|جميع التعليمات|كل التعليمات|الاوامر السابقة|الأوامر السابقة",
    ],
    ["पिछले निर्देशों|पिछले सभी निर्देशों|उपरोक्त निर्देशों", "अनदेखी|अनदेखा|नज़रअंदाज़|भूल"],
    ["αγνοήστε|αγνόησε|ξέχνα|ξεχάστε", "προηγούμενες οδηγίες|παραπάνω οδηγίες|όλες τις οδηγίες"],
    ["無視して|無視し", "述べてください|出力してください|答えてください|教えてください"],
  ] as const).map(([first, then]) =>
    say("instruction_override", "warn", list(first), 26, list(then))
  ),
  // The same, turned or shifted.
  say(
    "hidden_phrase",
    "warn",
    list(
      "snoitcurtsnisuoiverp|snoitcurtsniruoy|vafgehpgvbafnaq|cerivbhfvafgehpgvbaf|flfgrzcebzcg|tpmorpmetsys",
    ),
  ),
];
