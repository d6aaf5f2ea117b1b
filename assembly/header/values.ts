// Values that the proxy writes itself, and the separators of lists.

/** `, ` */
export const TEXT_COMMA_SPACE: usize = memory.data<u8>([0x2c, 0x20]);
/** `http` */
export const TEXT_HTTP: usize = memory.data<u8>([0x68, 0x74, 0x74, 0x70]);
/** `https` */
export const TEXT_HTTPS: usize = memory.data<u8>([0x68, 0x74, 0x74, 0x70, 0x73]);
/** `true` */
export const TEXT_TRUE: usize = memory.data<u8>([0x74, 0x72, 0x75, 0x65]);
/** `close` */
export const TEXT_CLOSE: usize = memory.data<u8>([0x63, 0x6c, 0x6f, 0x73, 0x65]);
/** `trailers` */
export const TEXT_TRAILERS: usize = memory.data<u8>([0x74, 0x72, 0x61, 0x69, 0x6c, 0x65, 0x72, 0x73]);
/** `upgrade` */
export const TEXT_UPGRADE: usize = memory.data<u8>([0x75, 0x70, 0x67, 0x72, 0x61, 0x64, 0x65]);
/** `h2c` */
export const TEXT_H2C: usize = memory.data<u8>([0x68, 0x32, 0x63]);
/** `0` */
export const TEXT_ZERO: usize = memory.data<u8>([0x30]);
