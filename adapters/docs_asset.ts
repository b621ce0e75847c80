/** The files of Swagger UI, read from the installed package, so that the API reference needs nothing from outside. */

/** Reads one file of `swagger-ui-dist`. */
export async function docsAsset(name: "swagger-ui-bundle.js" | "swagger-ui.css"): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(new URL(import.meta.resolve(`swagger-ui-dist/${name}`)));
}
