/** `/asyncapi.json` as a client reads it: which messages there are, and whether something is one of them. */
import assert from "node:assert/strict";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import formats from "ajv-formats";

/** A message of the document, with its check. */
export interface PublishedMessage {
  /** Its key in `components.messages`: `server.entry`. */
  key: string;
  name: string;
  fields: string[];
  check: ValidateFunction;
}

/** The messages of one operation, by name. */
// deno-lint-ignore no-explicit-any -- checked against AsyncAPI's own schema by the test
export function messagesOf(document: any, operation: string): Map<string, PublishedMessage> {
  const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true });
  formats.default(ajv);
  // deno-lint-ignore no-explicit-any -- as above
  const resolve = (pointer: string): any =>
    pointer.slice(2).split("/").reduce((value, part) => {
      assert.ok(part in value, `${pointer} leads nowhere`);
      return value[part];
    }, document);
  const refs: { $ref: string }[] = document.operations[operation].messages;
  return new Map(refs.map(({ $ref }) => {
    const { $ref: own } = resolve($ref), message = resolve(own);
    const fields = Object.keys(message.payload.properties);
    return [message.name, {
      key: own.split("/").at(-1),
      name: message.name,
      fields,
      check: ajv.compile(message.payload),
    }];
  }));
}

/** Asserts that a value is one of the published messages, with no field that is not told of. */
export function assertPublished(messages: Map<string, PublishedMessage>, name: string, value: object): void {
  const message = messages.get(name) ?? assert.fail(`${name} is not in the document: ${JSON.stringify(value)}`);
  assert.ok(message.check(value), `${name}: ${told(message.check.errors)} in ${JSON.stringify(value)}`);
  assert.deepEqual(
    Object.keys(value).filter((field) => !message.fields.includes(field)),
    [],
    `${name} has untold fields`,
  );
}

function told(errors: ErrorObject[] | null | undefined): string {
  return (errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`).join(", ");
}
