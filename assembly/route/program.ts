// The match program: a compiled `RouteConfiguration`, written by the host into the config arena and read by one call per request.
//
//   header | domain tables | virtual hosts | routes | header lists | query lists | texts, regular expressions
//
// Every reference is an offset from the start of the program (0: none), so the host can build it before it has an address.
// All words are u32 in little endian unless said otherwise; records with 64-bit words start on multiples of 8.

// --- head of the program
/** Offset of the table of exact domains. */
export const ROUTES_EXACT: u32 = 0;
/** Offset of the table of `*suffix` domains. */
export const ROUTES_SUFFIX: u32 = 4;
/** Offset of the table of `prefix*` domains. */
export const ROUTES_PREFIX: u32 = 8;
/** Offset of the virtual host of `*`. */
export const ROUTES_DEFAULT: u32 = 12;
export const ROUTES_FLAGS: u32 = 16;
export const ROUTES_HEAD_BYTES: u32 = 24;
/** `ignore_port_in_host_matching`. */
export const ROUTES_IGNORE_PORT: u32 = 1;
/** `ignore_path_parameters_in_path_matching`. */
export const ROUTES_IGNORE_PATH_PARAMETERS: u32 = 2;

// --- domain table: open addressing; slots are 16 bytes, an empty one has virtual host 0
/** Number of slots minus one; the number is a power of two. */
export const DOMAINS_MASK: u32 = 0;
export const DOMAINS_SLOTS: u32 = 4;
/** Distinct lengths of the wildcard texts, longest first. */
export const DOMAINS_LENGTH_COUNT: u32 = 8;
export const DOMAINS_LENGTHS: u32 = 12;
export const DOMAINS_BYTES: u32 = 16;
export const DOMAIN_HASH: u32 = 0;
export const DOMAIN_TEXT: u32 = 4;
export const DOMAIN_LENGTH: u32 = 8;
export const DOMAIN_VIRTUAL_HOST: u32 = 12;
export const DOMAIN_SLOT_BYTES: u32 = 16;

// --- list of routes: of a virtual host, or an action of a match tree
export const ROUTE_LIST_COUNT: u32 = 0;
/** Offset of the routes, one after the other. */
export const ROUTE_LIST_ROUTES: u32 = 4;
export const ROUTE_LIST_BYTES: u32 = 8;

// --- virtual host: a list of routes, and perhaps a match tree that gives lists instead
export const VIRTUAL_HOST_TREE: u32 = 8;
export const VIRTUAL_HOST_BYTES: u32 = 16;

// --- node of a match tree
export const TREE_KIND: u32 = 0;
/** Offset of the outcome when nothing matches, 0: none. */
export const TREE_NO_MATCH: u32 = 4;
/** TREE_LIST: number of branches. TREE_EXACT, TREE_PREFIX: offset of the name of the header that is looked up. */
export const TREE_INPUT: u32 = 8;
/** TREE_LIST: offset of the branches. TREE_EXACT, TREE_PREFIX: offset of a domain table whose "virtual hosts" are outcomes. */
export const TREE_BRANCHES: u32 = 12;
export const TREE_BYTES: u32 = 16;
/** The first branch whose predicate holds. */
export const TREE_LIST: u32 = 0;
/** The branch whose key is the header's value. */
export const TREE_EXACT: u32 = 1;
/** The branch with the longest key that the header's value begins with. */
export const TREE_PREFIX: u32 = 2;
/** Branch of a TREE_LIST: offset of its predicate, offset of its outcome. */
export const BRANCH_PREDICATE: u32 = 0;
export const BRANCH_OUTCOME: u32 = 4;
export const BRANCH_BYTES: u32 = 8;
/** Outcome: 1 if it is a node of the tree and 0 if it is a list of routes, and the offset of that. */
export const OUTCOME_IS_NODE: u32 = 0;
export const OUTCOME_OFFSET: u32 = 4;
export const OUTCOME_BYTES: u32 = 8;
/** Predicate: its kind, then by kind. */
export const PREDICATE_KIND: u32 = 0;
/** PREDICATE_VALUE: offset of the name of the header, then a text matcher. */
export const PREDICATE_INPUT: u32 = 4;
export const PREDICATE_TEXT: u32 = 8;
/** PREDICATE_ALL, PREDICATE_ANY: count and offset of a list of offsets. PREDICATE_NOT: count 1. */
export const PREDICATE_COUNT: u32 = 4;
export const PREDICATE_PARTS: u32 = 8;
export const PREDICATE_BYTES: u32 = 24;
export const PREDICATE_VALUE: u32 = 0;
export const PREDICATE_ALL: u32 = 1;
export const PREDICATE_ANY: u32 = 2;
export const PREDICATE_NOT: u32 = 3;
/** Deeper trees are refused when they are compiled: the core's recursion has an end. */
export const TREE_DEPTH_MAX: u32 = 32;

// --- route
/** A PATH_ kind, with ROUTE_ flags above it. */
export const ROUTE_PATH: u32 = 0;
/** Offset of the path's text (in lower case with ROUTE_IGNORE_CASE) or of the regular expression. */
export const ROUTE_TEXT: u32 = 4;
export const ROUTE_TEXT_LENGTH: u32 = 8;
/** Offset of a header list. */
export const ROUTE_HEADERS: u32 = 12;
/** Offset of a query list. */
export const ROUTE_QUERY: u32 = 16;
/** What a match returns. */
export const ROUTE_INDEX: u32 = 20;
/** Sum of the weights; 0: no weighted clusters. */
export const ROUTE_TOTAL_WEIGHT: u32 = 24;
/** Offset of the running sums of the weights; cluster i of them returns `index of the first + i`. */
export const ROUTE_WEIGHTS: u32 = 28;
export const ROUTE_WEIGHTED_FIRST: u32 = 32;
/** Offset of the name of the header that chooses instead of the dice, 0: none. */
export const ROUTE_WEIGHT_HEADER: u32 = 36;
export const ROUTE_BYTES: u32 = 40;

// --- name of a header: offset and length of its text (lower case)
export const HEADER_NAME_TEXT: u32 = 0;
export const HEADER_NAME_LENGTH: u32 = 4;
export const HEADER_NAME_BYTES: u32 = 8;

export const PATH_PREFIX: u32 = 0;
export const PATH_EXACT: u32 = 1;
export const PATH_SEPARATED_PREFIX: u32 = 2;
export const PATH_REGEX: u32 = 3;
export const PATH_CONNECT: u32 = 4;
export const PATH_KIND_MASK: u32 = 0xff;
export const ROUTE_IGNORE_CASE: u32 = 0x100;
export const ROUTE_GRPC: u32 = 0x200;

// --- text matcher: part of header and query matchers
/** A TEXT_ kind, perhaps with TEXT_IGNORE_CASE (then the text is in lower case). */
export const TEXT_KIND: u32 = 0;
export const TEXT_OFFSET: u32 = 4;
export const TEXT_LENGTH: u32 = 8;
export const TEXT_MATCHER_BYTES: u32 = 12;
export const TEXT_EXACT: u32 = 0;
export const TEXT_PREFIX: u32 = 1;
export const TEXT_SUFFIX: u32 = 2;
export const TEXT_CONTAINS: u32 = 3;
export const TEXT_REGEX: u32 = 4;
export const TEXT_KIND_MASK: u32 = 0xff;
export const TEXT_IGNORE_CASE: u32 = 0x100;

// --- header list: a count (and a word of padding), then matchers; all must match
export const MATCHERS_COUNT: u32 = 0;
export const MATCHERS_FIRST: u32 = 8;
/** Known id of the name, or 0. */
export const HEADER_MATCHER_ID: u32 = 0;
export const HEADER_MATCHER_NAME: u32 = 4;
export const HEADER_MATCHER_NAME_LENGTH: u32 = 8;
/** A HEADER_MATCH_ kind and flags. */
export const HEADER_MATCHER_KIND: u32 = 12;
/** A text matcher, or two i64: start and end of a range. */
export const HEADER_MATCHER_RULE: u32 = 16;
export const HEADER_MATCHER_BYTES: u32 = 32;
export const HEADER_MATCH_PRESENT: u32 = 0;
export const HEADER_MATCH_TEXT: u32 = 1;
export const HEADER_MATCH_RANGE: u32 = 2;
export const HEADER_MATCH_KIND_MASK: u32 = 0xff;
export const HEADER_MATCH_INVERT: u32 = 0x100;
export const HEADER_MATCH_MISSING_IS_EMPTY: u32 = 0x200;
/** `present_match: false`. */
export const HEADER_MATCH_ABSENT: u32 = 0x400;
/** Several fields of this name count as one value, joined with commas. */
export const HEADER_MATCH_JOINED: u32 = 0x800;

// --- query list: the same, with matchers of query parameters
export const QUERY_MATCHER_NAME: u32 = 0;
export const QUERY_MATCHER_NAME_LENGTH: u32 = 4;
/** A QUERY_MATCH_ kind. */
export const QUERY_MATCHER_KIND: u32 = 8;
export const QUERY_MATCHER_RULE: u32 = 12;
export const QUERY_MATCHER_BYTES: u32 = 24;
export const QUERY_MATCH_PRESENT: u32 = 0;
export const QUERY_MATCH_ABSENT: u32 = 1;
export const QUERY_MATCH_TEXT: u32 = 2;

// --- regular expression
/** REGEX_DFA or REGEX_NFA. */
export const REGEX_KIND: u32 = 0;
export const REGEX_DFA: u32 = 1;
export const REGEX_NFA: u32 = 2;
/** DFA: number of byte classes and of states, 256 bytes of class numbers, then u16 `next[state][class]`, then u8 `accepts[state]`. */
export const DFA_CLASS_COUNT: u32 = 4;
export const DFA_STATE_COUNT: u32 = 8;
export const DFA_CLASSES: u32 = 16;
export const DFA_TABLE: u32 = 272;
export const DFA_DEAD: u32 = 0;
export const DFA_START: u32 = 1;
/** NFA: index of the first node, EMPTY_ conditions that nodes ask for, number of nodes, then nodes of 8 bytes. */
export const NFA_START: u32 = 4;
export const NFA_CONDITIONS: u32 = 8;
export const NFA_NODE_COUNT: u32 = 12;
export const NFA_NODES: u32 = 16;
/** Node: kind u8, lo u8 (or conditions), hi u8, 0, next u16, other u16. */
export const NFA_NODE_BYTES: u32 = 8;
export const NODE_FAIL: u32 = 0;
/** A byte in lo..hi, then next. */
export const NODE_BYTES: u32 = 1;
/** next or other. */
export const NODE_SPLIT: u32 = 2;
/** next, if the conditions hold here. */
export const NODE_EMPTY: u32 = 3;
export const NODE_MATCH: u32 = 4;
/** Conditions of empty width, as RE2 numbers them: ^ and $ of a line, of the text, \b and \B. */
export const EMPTY_BEGIN_LINE: u32 = 1;
export const EMPTY_END_LINE: u32 = 2;
export const EMPTY_BEGIN_TEXT: u32 = 4;
export const EMPTY_END_TEXT: u32 = 8;
export const EMPTY_WORD_BOUNDARY: u32 = 16;
export const EMPTY_NO_WORD_BOUNDARY: u32 = 32;

// --- what routeMatch returns when there is no route
export const NO_VIRTUAL_HOST: i32 = -1;
export const NO_ROUTE: i32 = -2;

// --- why a route does not match (routeVerdict)
export const VERDICT_MATCH: u32 = 0;
export const VERDICT_PATH: u32 = 1;
export const VERDICT_HEADERS: u32 = 2;
export const VERDICT_QUERY: u32 = 3;
export const VERDICT_GRPC: u32 = 4;
