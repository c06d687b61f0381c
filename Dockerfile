# A node in a container: docker build -t p2p-node . && docker run -e ADDRESS=192.168.1.5 p2p-node
# The code is read-only and the same for all nodes; settings are in the environment, files in /data.

FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY . .
# Compiles, and leaves out what only developers need.
RUN npm ci \
  && npm prune --omit=dev --ignore-scripts \
  && find lib node-1 -name '*.ts' -delete

FROM node:22-bookworm-slim
ENV NODE_ENV=production PORT=4001 HOST=0.0.0.0 DATA=/data
WORKDIR /app
COPY --from=build /app/package.json /app/add-transaction.js /app/add-block.js ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/lib lib
COPY --from=build /app/node-1/index.js /app/node-1/known-peers.json node-1/
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 4001
HEALTHCHECK --start-period=60s --interval=10s --timeout=10s \
  CMD ["node", "lib/commands/check-health.js"]
# As PID 1 it gets the signals itself: it leaves as by Ctrl-C.
CMD ["node", "node-1/index.js"]
