// Methods of a request, RFC 9110 9.3, as ids. Any other token is METHOD_OTHER; its text is in `:method`.

export const METHOD_OTHER: u32 = 0;
export const METHOD_GET: u32 = 1;
export const METHOD_HEAD: u32 = 2;
export const METHOD_POST: u32 = 3;
export const METHOD_PUT: u32 = 4;
export const METHOD_DELETE: u32 = 5;
export const METHOD_CONNECT: u32 = 6;
export const METHOD_OPTIONS: u32 = 7;
export const METHOD_TRACE: u32 = 8;
export const METHOD_PATCH: u32 = 9;

/** The id of a method's token (case matters). */
export function methodId(text: usize, length: u32): u32 {
  if (length == 3) {
    const word: u32 = <u32>load<u16>(text) | ((<u32>load<u8>(text, 2)) << 16);
    if (word == 0x54_45_47) return METHOD_GET;
    if (word == 0x54_55_50) return METHOD_PUT;
    return METHOD_OTHER;
  }
  if (length < 4 || length > 7) return METHOD_OTHER;
  const word = load<u32>(text);
  if (length == 4) {
    if (word == 0x54_53_4f_50) return METHOD_POST;
    if (word == 0x44_41_45_48) return METHOD_HEAD;
    return METHOD_OTHER;
  }
  const rest = load<u32>(text + length - 4);
  if (length == 5) {
    if (word == 0x43_54_41_50 && rest == 0x48_43_54_41) return METHOD_PATCH;
    if (word == 0x43_41_52_54 && rest == 0x45_43_41_52) return METHOD_TRACE;
  } else if (length == 6) {
    if (word == 0x45_4c_45_44 && rest == 0x45_54_45_4c) return METHOD_DELETE;
  } else {
    if (word == 0x4e_4e_4f_43 && rest == 0x54_43_45_4e) return METHOD_CONNECT;
    if (word == 0x49_54_50_4f && rest == 0x53_4e_4f_49) return METHOD_OPTIONS;
  }
  return METHOD_OTHER;
}
