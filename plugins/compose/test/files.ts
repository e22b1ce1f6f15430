/** What `docker-compose config` of version 1 prints of a project. */
export const older = `services:
  db:
    expose:
    - '5432'
    healthcheck:
      test:
      - NONE
    image: postgres
    labels:
      dockersnap.port.5432: sql
    ports:
    - target: 5432
  migrate:
    image: &app shop
    restart: "no"
  shell:
    image: *app
    profiles:
    - debug
  web:
    depends_on:
      db:
        condition: service_started
      migrate:
        condition: service_completed_successfully
    environment:
      PASSWORD: hunter2
    image: *app
    ports:
    - published: 8080
      target: 80
    - published: 8443
      target: 443
    - protocol: udp
      published: 8443
      target: 443
    volumes:
    - /anonymous
    - /srv/html:/www:ro
    - data:/data:rw
version: '3.9'
volumes:
  data: {}
`;

/** The same of version 2, which leaves out what no enabled profile has. */
export const newer = `name: demo
services:
  db:
    expose:
      - "5432"
    healthcheck:
      disable: true
    image: postgres
    labels:
      dockersnap.port.5432: sql
    networks:
      default: null
    ports:
      - mode: ingress
        target: 5432
        protocol: tcp
  migrate:
    image: shop
    restart: "no"
  web:
    depends_on:
      db:
        condition: service_started
        required: true
      migrate:
        condition: service_completed_successfully
        required: true
    environment:
      PASSWORD: hunter2
    image: shop
    ports:
      - mode: ingress
        target: 80
        published: "8080"
        protocol: tcp
      - mode: ingress
        target: 443
        published: "8443"
        protocol: tcp
      - mode: ingress
        target: 443
        published: "8443"
        protocol: udp
    volumes:
      - type: volume
        target: /anonymous
      - type: bind
        source: /srv/html
        target: /www
        read_only: true
        bind:
          create_host_path: true
      - type: volume
        source: data
        target: /data
        volume: {}
networks:
  default:
    name: demo_default
volumes:
  data:
    name: demo_data
`;
