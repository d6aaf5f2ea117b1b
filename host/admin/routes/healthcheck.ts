/** /healthcheck/fail and /healthcheck/ok: take the server out of rotation, and back. */

import type { AdminContext } from "../context.ts";
import { type AdminRoute, OK } from "../request.ts";

export const healthcheckFail: AdminRoute<AdminContext> = {
  path: "/healthcheck/fail",
  help: "cause the server to fail health checks",
  changes: true,
  handle(context) {
    context.setHealthCheckFailing(true);
    return OK;
  },
};

export const healthcheckOk: AdminRoute<AdminContext> = {
  path: "/healthcheck/ok",
  help: "cause the server to pass health checks",
  changes: true,
  handle(context) {
    context.setHealthCheckFailing(false);
    return OK;
  },
};
