/** The client: its screens by address, and what lives across screens. */
import { type ComponentType, render } from "preact";
import { LocationProvider, Route, Router, useLocation } from "preact-iso/router";
import { type ScreenName, SCREENS } from "../contract/screens.ts";
import { watchAlerts } from "./live/alerts.ts";
import { deliverUnsent } from "./live/delivery.ts";
import { installWorker } from "./live/worker_link.ts";
import { AdminScreen } from "./screens/admin.tsx";
import { AlertPreferencesScreen } from "./screens/alert_preferences.tsx";
import { AlertsScreen } from "./screens/alerts.tsx";
import { ChatScreen } from "./screens/chat.tsx";
import { ChatsScreen } from "./screens/chats.tsx";
import { DayScreen } from "./screens/day.tsx";
import { HomeScreen } from "./screens/home.tsx";
import { MeScreen } from "./screens/me.tsx";
import { MembersScreen } from "./screens/members.tsx";
import { MyDataScreen } from "./screens/my_data.tsx";
import { MyPartiesScreen } from "./screens/my_parties.tsx";
import { NeighbourhoodScreen } from "./screens/neighbourhood.tsx";
import { NewPartyScreen } from "./screens/new_party.tsx";
import { NotFoundScreen } from "./screens/not_found.tsx";
import { PartyScreen } from "./screens/party.tsx";
import { SearchScreen } from "./screens/search.tsx";
import { SettlementScreen } from "./screens/settlement.tsx";
import { SignInScreen } from "./screens/sign_in.tsx";
import { SignUpScreen } from "./screens/sign_up.tsx";
import { UserScreen } from "./screens/user.tsx";
import { TabBar } from "./ui/tab_bar.tsx";
import { Toasts } from "./ui/toasts.tsx";

const COMPONENTS: Record<ScreenName, ComponentType> = {
  home: HomeScreen,
  signUp: SignUpScreen,
  signIn: SignInScreen,
  neighbourhood: NeighbourhoodScreen,
  search: SearchScreen,
  parties: MyPartiesScreen,
  newParty: NewPartyScreen,
  party: PartyScreen,
  members: MembersScreen,
  day: DayScreen,
  settlement: SettlementScreen,
  chat: ChatScreen,
  chats: ChatsScreen,
  alerts: AlertsScreen,
  alertPreferences: AlertPreferencesScreen,
  me: MeScreen,
  myData: MyDataScreen,
  user: UserScreen,
  admin: AdminScreen,
};

function App() {
  return (
    <LocationProvider>
      <Toasts />
      <Router>
        {Object.entries(SCREENS).map(([name, path]) => (
          <Route key={path} path={path} component={Fresh} screen={COMPONENTS[name as ScreenName]} />
        ))}
        <Route default component={NotFoundScreen} />
      </Router>
      <TabBar />
    </LocationProvider>
  );
}

/** Another address is another screen, with nothing left of the one before, also where it is of the same kind. */
function Fresh({ screen: Component }: { screen: ComponentType }) {
  return <Component key={useLocation().path} />;
}

watchAlerts();
deliverUnsent();
installWorker();
render(<App />, document.getElementById("app")!);
