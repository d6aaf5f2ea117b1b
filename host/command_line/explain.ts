/**
 * `nuncio explain REQUEST_ID`, `nuncio explain /path?query`: asks the admin port of a running Nuncio why a request went where
 * it went, or where one would go, and prints the sentences.
 */

const USAGE = `usage: nuncio explain REQUEST_ID | PATH [--method GET] [--authority HOST] [--header name:value ...]
                      [--listener NAME] [--admin 127.0.0.1:9901] [--json]
`;

/** Flags with a value, and the parameter of /explain that each becomes. */
const PARAMETERS: Readonly<Record<string, string>> = {
  "--method": "method",
  "--authority": "authority",
  "--header": "header",
  "--listener": "listener",
};

/** @returns the exit code */
export async function explainRequest(words: readonly string[]): Promise<number> {
  const query = new URLSearchParams();
  let admin = "127.0.0.1:9901";
  let isJson = false;
  let subject = "";
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const value = words[i + 1];
    const parameter = PARAMETERS[word];
    if (word === "--json") {
      isJson = true;
    } else if ((parameter !== undefined || word === "--admin") && value !== undefined) {
      if (parameter === undefined) admin = value;
      else query.append(parameter, value);
      i++;
    } else if (word.startsWith("-") || subject !== "") {
      process.stderr.write(USAGE);
      return 1;
    } else {
      subject = word;
    }
  }
  if (subject === "") {
    process.stderr.write(USAGE);
    return 1;
  }
  query.set(subject.startsWith("/") ? "path" : "id", subject);
  if (!isJson) query.set("format", "text");
  return ask(admin, query);
}

async function ask(admin: string, query: URLSearchParams): Promise<number> {
  // The admin port reads "+" as itself.
  const url = `http://${admin}/explain?${query.toString().replaceAll("+", "%20")}`;
  try {
    const answer = await fetch(url);
    const body = await answer.text();
    (answer.ok ? process.stdout : process.stderr).write(body);
    return answer.ok ? 0 : 1;
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    process.stderr.write(`cannot ask ${admin}: ${cause?.code ?? (error as Error).message}\n`);
    return 1;
  }
}
