/** Error codes of RST_STREAM and GOAWAY (RFC 9113 7), as far as somebody here gives or reads them. */

export const NO_ERROR = 0;
export const PROTOCOL_ERROR = 1;
export const REFUSED_STREAM = 7;
export const CANCEL = 8;
export const CONNECT_ERROR = 10;
