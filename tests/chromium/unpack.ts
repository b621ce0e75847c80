/** Unpacks the Chromium that comes as a package, and the libraries it needs, into the folder for temporary files. */
import chromium from "@sparticuz/chromium";

await chromium.executablePath();
