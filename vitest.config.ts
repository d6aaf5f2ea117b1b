import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Processes and not threads: raw socket handles, worker threads of our own and `process.chdir` belong to a process.
    pool: "forks",
    // The machine has as many cores as it has; two files at once leave room for the proxies that tests start.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Reports one line for each file, and everything of what failed.
    reporters: ["default"],
  },
});
