# The images of the account service, in stages: build, then a small one for each role. The base
# is Debian's; nothing is fetched but Debian's packages. docker-compose.yml puts the parts together.
FROM debian:bookworm-slim AS base
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 900 storefront && useradd --system --uid 900 --gid 900 --home /nonexistent --shell /usr/sbin/nologin storefront

FROM base AS build
COPY conf/dev/packages.txt /tmp/packages.txt
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends $(sed -n 's/^build //p' /tmp/packages.txt)
WORKDIR /source
COPY CMakeLists.txt ./
COPY cmake cmake
COPY conf conf
COPY include include
COPY sql sql
COPY src src
COPY www www
RUN cmake -S . -B /build -DSTOREFRONT_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr && cmake --build /build -j "$(nproc)" \
 && DESTDIR=/installed cmake --install /build

# The programs: pools, migration, maintenance and the mailer.
FROM base AS application
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends spawn-fcgi multiwatch libfcgi-bin libfcgi0ldbl libjansson4 libpq5 \
    libssl3 libsodium23 libzxcvbn0 libcurl4 libutf8proc2 libidn2-0 zlib1g libseccomp2 && rm -rf /var/lib/apt/lists/*
COPY --from=build /installed /
COPY conf/docker/pool.sh conf/docker/keys.sh conf/docker/healthy.sh conf/docker/live.sh /usr/lib/storefront/
# Volumes take over the owners that these folders have here.
RUN install -d -o storefront -g storefront -m 0750 /run/storefront /etc/storefront/keys \
 && install -d -o storefront -g storefront -m 0755 /var/lib/storefront/static
USER storefront

FROM base AS database
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql-15 && rm -rf /var/lib/apt/lists/* \
 && install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data && install -d -o postgres -g postgres -m 0755 /run/postgresql
COPY sql/roles.sql /usr/share/storefront/sql/roles.sql
COPY conf/docker/database.sh /usr/lib/storefront/database.sh
USER postgres
CMD ["/usr/lib/storefront/database.sh"]

FROM base AS web
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light curl && rm -rf /var/lib/apt/lists/* \
 && usermod -a -G storefront www-data && install -d -o www-data -g www-data -m 0750 /run/web
COPY conf/nginx /usr/share/storefront/nginx
COPY conf/docker/web.sh /usr/lib/storefront/web.sh
USER www-data
CMD ["/usr/lib/storefront/web.sh"]

FROM base AS catcher
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-aiosmtpd curl && rm -rf /var/lib/apt/lists/* \
 && install -d -o storefront -g storefront -m 0755 /var/mail/caught
COPY conf/dev/mail_catcher.py /usr/lib/storefront/mail_catcher.py
USER storefront
CMD ["/usr/bin/python3", "-u", "/usr/lib/storefront/mail_catcher.py", "--address", "0.0.0.0", "--pages", "8025", "2525", "/var/mail/caught"]
