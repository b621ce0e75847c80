# The service for real stores: DATABASE_URL, REDIS_URL and AMQP_URL are set, see docker-compose.yml.
# Debian-based, since the native argon2 is linked against glibc.

FROM denoland/deno:2.9.6 AS packages
ENV DENO_DIR=/packages
WORKDIR /app
COPY deno.json deno.lock ./
COPY client/deno.json client/
RUN deno install --frozen

FROM packages AS client
COPY contract contract
COPY services/outlines.json services/
COPY tools/client.ts tools/
COPY client client
RUN deno task client

# Of the embedded PostgreSQL, of what the client is built from, and of what drives a browser in the tests, only the package's
# name is looked for: 60 MB of programs and 50 MB of scripts stay out of the image.
FROM packages AS slim
RUN rm -rf "$DENO_DIR"/npm/*/@embedded-postgres/*/*/native "$DENO_DIR"/npm/*/playwright-core/*/lib \
  "$DENO_DIR"/npm/*/lucide-preact/*/dist "$DENO_DIR"/npm/*/axe-core/*/axe*

FROM denoland/deno:2.9.6
WORKDIR /app
COPY --from=slim /packages /packages
COPY --from=client /app/client/dist client/dist
COPY deno.json deno.lock main.ts ./
COPY client/deno.json client/
COPY contract contract
COPY migrations migrations
COPY services services
COPY adapters adapters
COPY routes routes
COPY workers workers
# Packages and sources belong to root: the service can change neither.
USER deno
ENV DENO_DIR=/packages PORT=8000 HOST=0.0.0.0
EXPOSE 8000
# Alive, not ready: a store that is away is no reason to restart, the service heals by itself.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["deno", "eval", "--no-config", "--no-lock", "const { ok } = await fetch(`http://127.0.0.1:${Deno.env.get('PORT')}/healthz`); Deno.exit(ok ? 0 : 1)"]
# It starts no process and writes no file. The native argon2 asks ldd's script which C library there is.
ENTRYPOINT ["deno", "run", "--cached-only", "--no-prompt", "--allow-net", "--allow-env", "--allow-read=/app,/packages,/usr/bin/ldd", "--allow-ffi=/packages", "main.ts"]
CMD ["start"]
