// The page /dev/ai-usage: asks the usage API every two seconds while somebody looks, and shows what it says.
"use strict";

(() => {
  const root = document.getElementById("live");
  if (root === null) return;

  const EVERY_MS = 2000;
  const PATIENCE_MS = 10000;
  const SIGNED_OUT = "signed out";
  const COLOURS = { ok: "hg-green", warning: "hg-yellow", exceeded: "hg-red" };
  const query = `?organization=${encodeURIComponent(root.dataset.organization)}`;
  const element = (id) => document.getElementById(id);
  let timer = null;
  let asking = false;
  let resets = 0;

  // ------------------------------------------------------------ words

  /** Text that is already there is not written again: screen readers would read it again. */
  function say(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  function count(number) {
    return number.toLocaleString("en");
  }

  /** Every digit of an amount, which has nine decimals at most. */
  function amount(number) {
    return number.toFixed(9).replace(/\.?0+$/, "");
  }

  function clock(moment) {
    return new Date(moment).toLocaleTimeString("en", { hour12: false });
  }

  // ------------------------------------------------------------ figures

  function fill(name, level, used, held, limit) {
    const bar = element(`${name}-bar`);
    bar.hidden = limit === null;
    if (limit === null) return;
    bar.classList.remove(...Object.values(COLOURS));
    bar.classList.add(COLOURS[level]);
    const share = limit === 0 ? 100 : (100 * (used + held)) / limit;
    bar.firstElementChild.value = Math.min(100, share);
  }

  function note(limit, held, percent, resetsAt, hard) {
    if (limit === null) return "No limit.";
    const parts = [`${percent} % of ${limit}`];
    if (held !== null) parts.push(`${held} held`);
    if (hard !== null) parts.push(`critical tasks up to ${hard}`);
    if (resetsAt !== null) parts.push(`resets at ${clock(resetsAt)}`);
    return parts.join(" · ");
  }

  function showTokens(told) {
    const { tokens_used: used, tokens_held: held, tokens_limit: limit, tokens_hard_limit: hard } = told;
    say(element("tokens-used"), limit === null ? count(used) : `${count(used)} of ${count(limit)}`);
    fill("tokens", told.tokens_level, used, held, limit);
    const words = limit === null ? null : count(limit);
    const further = limit !== null && hard !== limit ? count(hard) : null;
    say(element("tokens-note"), note(words, held ? count(held) : null, told.tokens_percent_used, told.tokens_resets_at, further));
  }

  function showCost(told) {
    const { cost_usd: used, cost_held_usd: held, cost_limit_usd: limit, cost_hard_limit_usd: hard } = told;
    if (used === null) {
      say(element("cost-used"), "Not shown");
      say(element("cost-note"), "AI_COST_TRACKING_ENABLED is false.");
      return;
    }
    say(element("cost-used"), limit === null ? `$${amount(used)}` : `$${amount(used)} of $${amount(limit)}`);
    fill("cost", told.cost_level, used, held, limit);
    const words = limit === null ? null : `$${amount(limit)}`;
    const further = limit !== null && hard !== limit ? `$${amount(hard)}` : null;
    const pounds = told.cost_gbp === null ? "" : ` · £${amount(told.cost_gbp)}`;
    const said = note(words, held ? `$${amount(held)}` : null, told.cost_percent_used, told.cost_resets_at, further);
    say(element("cost-note"), said + pounds);
  }

  function showWarnings(told) {
    const region = element("warnings");
    const texts = [...told.warnings];
    if (told.last_refusal !== null) texts.push(`Refused at ${clock(told.last_refusal.at)}: ${told.last_refusal.message}`);
    if (region.dataset.shown === JSON.stringify(texts)) return;
    region.dataset.shown = JSON.stringify(texts);
    region.replaceChildren(
      ...texts.map((text) => {
        const line = document.createElement("p");
        line.className = `hg-notice ${told.over_limit ? "hg-notice-danger" : "hg-notice-warning"}`;
        line.textContent = text;
        return line;
      }),
    );
  }

  function showChart(figure, amounts, words) {
    const rows = figure.querySelectorAll("tbody tr");
    amounts.forEach((each, hour) => say(rows[hour].querySelector("td"), words(each)));
    const chart = window.Chart?.getChart(figure.querySelector("canvas"));
    if (chart === undefined) return;
    amounts.forEach((each, hour) => {
      chart.data.datasets[0].data[hour] = each;
    });
    chart.update("none");
  }

  function show(told) {
    showTokens(told);
    showCost(told);
    say(element("requests"), count(told.requests));
    say(element("requests-note"), `${count(told.errors)} failed · ${count(told.refused)} refused`);
    element("nothing").hidden = told.requests > 0;
    showWarnings(told);
    const [tokens, cost] = root.querySelectorAll(".hg-chart");
    showChart(tokens, told.hours.map((each) => each.tokens), String);
    if (cost) showChart(cost, told.hours.map((each) => each.cost_usd), amount);
    element("figures").hidden = false;
    element("figures").classList.remove("hg-stale");
    say(element("state"), "Live: every two seconds.");
    say(element("as-of"), `As of ${clock(told.as_of)}.`);
  }

  function stale(why) {
    element("figures").classList.add("hg-stale");
    say(element("state"), element("figures").hidden ? why : `${why} The figures are old.`);
  }

  // ------------------------------------------------------------ asking

  async function call(path, how = {}) {
    const answer = await fetch(path, { ...how, redirect: "error", signal: AbortSignal.timeout(PATIENCE_MS) });
    const said = await answer.json();
    if (answer.status === 401) throw new Error(SIGNED_OUT);
    return { good: answer.ok, said };
  }

  function signedOut() {
    const link = document.createElement("a");
    link.href = root.dataset.signIn;
    link.className = "hg-link";
    link.textContent = "Sign in again";
    element("figures").classList.add("hg-stale");
    element("state").replaceChildren("You are signed out. ", link);
  }

  async function poll() {
    clearTimeout(timer);
    if (asking || document.hidden) return;
    asking = true;
    let again = true;
    try {
      const { good, said } = await call(`/api/v1/ai/usage${query}`);
      if (good) show(said);
      else stale(said.error.message);
    } catch (error) {
      again = error.message !== SIGNED_OUT;
      if (again) stale("The console does not answer; it is asked again.");
      else signedOut();
    } finally {
      asking = false;
    }
    if (again && !document.hidden) timer = setTimeout(poll, EVERY_MS);
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      poll();
      return;
    }
    clearTimeout(timer);
    say(element("state"), "Paused while nobody looks.");
  });

  // ------------------------------------------------------------ forms

  function clear(form) {
    for (const line of form.querySelectorAll(".hg-error")) line.hidden = true;
    for (const field of form.querySelectorAll("[aria-invalid]")) {
      field.removeAttribute("aria-invalid");
      field.classList.remove("hg-wrong");
    }
  }

  /** Say at its field what is wrong, and go there. */
  function complain(form, error, said) {
    const words = error.message.replace(/ \(request aigw_\w+\)$/, "");
    const field = error.param && form.elements[error.param];
    if (!field) {
      say(said, words);
      return;
    }
    say(said, "Not done.");
    const line = element(`${error.param}-wrong`);
    // Who sees the field need not read its name.
    line.textContent = words.replace(`${error.param}: `, "");
    line.hidden = false;
    field.setAttribute("aria-invalid", "true");
    field.classList.add("hg-wrong");
    field.focus();
  }

  /** A form that posts JSON and says below itself what came of it. */
  function posting(id, path, body, headers, done) {
    const form = element(id);
    if (form === null) return;
    const said = element(`${id}-said`);
    const button = form.querySelector("button");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      clear(form);
      say(said, "Sending…");
      button.disabled = true;
      try {
        const how = {
          method: "POST",
          headers: { "content-type": "application/json", "x-csrftoken": form.elements.csrfmiddlewaretoken.value, ...headers() },
          body: JSON.stringify(body(form.elements)),
        };
        const answer = await call(path + query, how);
        if (answer.good) say(said, done(answer.said, form));
        else complain(form, answer.said.error, said);
      } catch (error) {
        if (error.message === SIGNED_OUT) signedOut();
        say(said, error.message === SIGNED_OUT ? "You are signed out." : "The console does not answer: try again.");
      } finally {
        button.disabled = false;
      }
      poll();
    });
  }

  /** A number where it is one; else as it was typed, for the API to say what is wrong with it. */
  function tokensIn(text) {
    if (text === "") return null;
    return /^\d+$/.test(text) ? Number(text) : text;
  }

  posting(
    "budget",
    "/api/v1/ai/budget",
    (fields) => ({
      daily_token_limit: tokensIn(fields.daily_token_limit.value.trim()),
      daily_cost_limit: fields.daily_cost_limit.value.trim() || null,
      currency: fields.currency.value,
      soft: fields.soft.checked,
    }),
    () => ({}),
    (told) => {
      const done = told.changed.length === 0 ? "Nothing changed." : "Saved; it counts now.";
      const mine = (unit) => told.budgets.find((each) => each.yours && each.unit === unit);
      const tighter = told.budgets.filter((each) => !each.yours && !each.shadow && each.limit < mine(each.unit)?.limit);
      return tighter.length === 0 ? done : `${done} Tighter, and first to decide: ${tighter.map((each) => each.budget).join(", ")}.`;
    },
  );

  posting(
    "reset",
    "/api/v1/ai/reset-daily",
    (fields) => ({ reason: fields.reason.value.trim() }),
    () => ({ "idempotency-key": `${root.dataset.givenId}-${resets}` }),
    (told, form) => {
      resets += 1;
      form.reset();
      if (told.reset.length === 0) return "There was nothing to reset.";
      const kept = told.kept.length === 0 ? "" : ` The operator's stay: ${told.kept.map((each) => each.budget).join(", ")}.`;
      return `Reset: ${told.reset.map((each) => each.budget).join(", ")}.${kept}`;
    },
  );

  // unfold's own script draws the charts when everything is loaded; figures come after it.
  window.addEventListener("load", poll);
})();
