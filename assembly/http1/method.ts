// Which methods a request may have. Envoy refuses what is not on its list, unless `allow_custom_methods` is set; so do we. The nine of
// RFC 9110 have ids (header/method); these are the others: WebDAV, versioning, CalDAV, UPnP, caches.

// biome-ignore format: joined literals would be a string made at run time
const NAMES: string = " ACL BIND CHECKOUT COPY LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE MSEARCH NOTIFY PROPFIND PROPPATCH PURGE QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE UNBIND UNLINK UNLOCK UNSUBSCRIBE ";

/** Whether the token is on the list. Rare methods only, so one walk along the names will do. */
export function isKnownMethod(text: usize, length: u32): bool {
  const names = changetype<usize>(NAMES);
  const end = names + load<u32>(names - 4);
  let at = names;
  while (at < end) {
    // `at` is on the space in front of a name; characters are two bytes.
    let i: u32 = 0;
    while (i < length && load<u16>(at + 2 + i * 2) == load<u8>(text + i)) i++;
    if (i == length && load<u16>(at + 2 + i * 2) == 0x20) return true;
    at += 2;
    while (at < end && load<u16>(at) != 0x20) at += 2;
    if (at + 2 >= end) return false;
  }
  return false;
}
