// A service. It knows its own port (argument 1; 0: any) and nobody's address.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ invoice: request.url.split("/").at(-1), askedFrom: request.socket.remoteAddress }));
});
server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => console.log(`billing on port ${server.address().port}`));
