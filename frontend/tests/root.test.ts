import { afterEach, describe, expect, it, vi } from "vitest";

afterEach(() => {
  delete document.documentElement.dataset.root;
  vi.resetModules();
});

describe("the path under which a proxy has the server", () => {
  it("goes before every address of the API", async () => {
    document.documentElement.dataset.root = "/moods";
    const { BASE } = await import("../src/http");
    const { EXPORT } = await import("../src/account");
    expect(BASE).toBe("/moods/api/v1");
    expect(EXPORT).toBe("/moods/api/v1/account/export");
  });

  it("goes before the address that the page is left for", async () => {
    document.documentElement.dataset.root = "/moods";
    const assign = vi.spyOn(window.location, "assign").mockImplementation(() => undefined);
    const { leave } = await import("../src/session");
    leave("/sign-in");
    expect(assign).toHaveBeenCalledWith("/moods/sign-in");
  });

  it("is nothing where the page says none", async () => {
    const { BASE } = await import("../src/http");
    expect(BASE).toBe("/api/v1");
  });
});
