// A client. It knows its own sidecar (argument 1: a port) and the service's name, and no address of anybody.
import { request } from "node:http";

const port = Number(process.argv[2] ?? 15001);
const path = process.argv[3] ?? "/invoices/42";
request({ host: "127.0.0.1", port, path, headers: { host: "billing.internal" } }, (response) => {
  console.log(response.statusCode);
  response.pipe(process.stdout);
}).end();
