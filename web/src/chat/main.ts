import { mount } from "svelte";
import "../theme.css";
import "../base.css";
import { guardDrops } from "../parts/drop";
import Chat from "./Chat.svelte";

guardDrops();
const appid = decodeURIComponent(location.pathname.split("/")[2] ?? "");
mount(Chat, { target: document.getElementById("page")!, props: { appid } });
