/** The client of the REST API: a person's account, preferences and data. */

import { BASE, json } from "./http";
import { ask, askJson } from "./session";
import type { AuditEvent, Learnt, NewToken, Preferences, Token, Usage } from "./types";

const gone = { method: "DELETE" };

export const getPreferences = (): Promise<Preferences> => askJson("/preferences");
export const changePreferences = (change: Partial<Preferences>): Promise<Preferences> =>
  askJson("/preferences", json("PATCH", change));

export const getLearnt = (): Promise<Learnt> => askJson("/learnt");
export const forgetAll = (): Promise<unknown> => ask("/learnt", gone);
export const forgetOne = (id: string): Promise<unknown> => ask(`/learnt/${encodeURIComponent(id)}`, gone);

export const getUsage = (): Promise<Usage> => askJson("/usage");
export const EXPORT = `${BASE}/account/export`;
export const deleteData = (): Promise<unknown> => ask("/account/data", gone);

export const changePassword = (current: string, fresh: string): Promise<unknown> =>
  ask("/account/password", json("PUT", { current, new: fresh }));
export const deleteAccount = (password: string): Promise<unknown> => ask("/account", json("DELETE", { password }));

export async function getAudit(): Promise<AuditEvent[]> {
  return (await askJson<{ events: AuditEvent[] }>("/account/audit")).events;
}

export async function getTokens(): Promise<Token[]> {
  return (await askJson<{ tokens: Token[] }>("/tokens")).tokens;
}
export const createToken = (wanted: Pick<Token, "name" | "scope" | "expires_at">): Promise<NewToken> =>
  askJson("/tokens", json("POST", wanted));
export const revokeToken = (id: string): Promise<unknown> => ask(`/tokens/${encodeURIComponent(id)}`, gone);
