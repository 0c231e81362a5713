// OpenAI's SDK for Node against a running gateway. Prints one JSON object: what each check saw, by its name; a check
// that failed says so in `failure`, so that one broken feature hides no other.
//
//   HEADGATE_URL=http://127.0.0.1:8000 HEADGATE_KEY=sk-hg-... POOR_KEY=sk-hg-... node check.mjs
import OpenAI from 'openai';

const baseURL = `${process.env.HEADGATE_URL}/v1`;
const clientOf = (apiKey, options = {}) => new OpenAI({ baseURL, apiKey, maxRetries: 0, ...options });
const client = clientOf(process.env.HEADGATE_KEY);
const hello = [{ role: 'user', content: 'Say hello' }];
const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const question = [{ role: 'user', content: 'Please use the tool weather.' }];

const checks = {
  async chat() {
    const answer = await client.chat.completions.create({ model: 'sim/small', messages: hello });
    return { id: answer._request_id, text: answer.choices[0].message.content, usage: answer.usage };
  },

  async stream() {
    const { data, request_id } = await client.chat.completions
      .create({ model: 'messages-small', messages: hello, stream: true, stream_options: { include_usage: true } })
      .withResponse();
    let text = '';
    let usage = null;
    for await (const chunk of data) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    const whole = await client.chat.completions.create({ model: 'messages-small', messages: hello });
    return { id: request_id, text, usage, whole: { text: whole.choices[0].message.content, usage: whole.usage } };
  },

  async tools() {
    const asked = [];
    const weather = {
      type: 'function',
      function: {
        name: 'weather',
        description: 'Looks up the weather.',
        parameters: city,
        parse: JSON.parse,
        function: (given) => { asked.push(given); return 'It rains.'; },
      },
    };
    const runner = client.chat.completions.runTools({
      model: 'messages-small', messages: question, tools: [weather], stream: true,
    });
    const text = await runner.finalContent();
    return { text, asked, roles: runner.messages.map((message) => message.role) };
  },

  async responses() {
    const ask = { model: 'messages-small', input: 'Say hello', store: false };
    const { data, request_id } = await client.responses.create(ask).withResponse();
    const usage = { prompt_tokens: data.usage.input_tokens, completion_tokens: data.usage.output_tokens };
    let text = '';
    for await (const event of await client.responses.create({ ...ask, stream: true })) {
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    const tool = { type: 'function', name: 'weather', description: 'Looks up the weather.', parameters: city, strict: false };
    const called = await client.responses.create({ ...ask, input: question, tools: [tool] });
    const calls = called.output.filter((item) => item.type === 'function_call').map((item) => item.name);
    return { id: request_id, text: data.output_text, usage, streamed: text, calls };
  },

  async embeddings() {
    const { data, request_id } = await client.embeddings
      .create({ model: 'sim/embed', input: ['one', 'two'] }).withResponse();
    return { id: request_id, lengths: data.data.map((one) => one.embedding.length), usage: data.usage };
  },

  async models() {
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    return { names };
  },

  async unknown_model() {
    return refusalOf(client, 'no-such-model');
  },

  async wrong_key() {
    return refusalOf(clientOf('sk-hg-wrong'), 'sim/small');
  },

  // With its own two retries on: what a budget refused must come once.
  async budget() {
    return refusalOf(clientOf(process.env.POOR_KEY, { maxRetries: 2 }), 'sim/small');
  },
};

async function refusalOf(client, model) {
  try {
    await client.chat.completions.create({ model, messages: hello });
  } catch (error) {
    const { status, code, param, requestID, message } = error;
    return { class: error.constructor.name, status, code, param, requestID, message };
  }
  throw new Error(`${model} was not refused`);
}

const seen = {};
for (const [name, check] of Object.entries(checks)) {
  try {
    seen[name] = await check();
  } catch (error) {
    seen[name] = { failure: `${error.constructor.name}: ${error.message}` };
  }
}
console.log(JSON.stringify(seen));
